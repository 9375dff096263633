import { Failure } from "@millrace/failure";
import type { Principal } from "./principal.ts";

const SHOWN_MAX = 200;
const WILDCARD = "://*.";

/**
 * Fails with `denied` (ORIGIN_NOT_ALLOWED) where the key is for the pages of some origins alone, and the call comes from
 * no such page. Browsers say a page's origin, and no page can say another.
 *
 * @param origin the call's `Origin` header
 */
export function requireOrigin({ allowedOrigins = [] }: Principal, origin: string | undefined): void {
  if (allowedOrigins.length === 0) return;
  const came = origin?.toLowerCase();
  if (came !== undefined && allowedOrigins.some((allowed) => matches(allowed, came))) return;
  // Anybody can read the key in a page, and is not told where else it is good: those may be hosts that nobody knows.
  const message =
    origin === undefined
      ? "the key is for web pages alone; the call has no Origin header"
      : `the key is not for web pages of the origin ${JSON.stringify(origin.slice(0, SHOWN_MAX))}`;
  throw new Failure("denied", "ORIGIN_NOT_ALLOWED", message, {
    metadata: { origin: origin?.slice(0, SHOWN_MAX) ?? "" },
  });
}

/** "https://*.example.org" stands for every subdomain, at any depth, and not for example.org itself. */
function matches(allowed: string, origin: string): boolean {
  const wildcard = allowed.indexOf(WILDCARD);
  if (wildcard < 0) return allowed === origin;
  const scheme = allowed.slice(0, wildcard + "://".length);
  const rest = allowed.slice(wildcard + WILDCARD.length - 1);
  return (
    origin.startsWith(scheme) &&
    origin.endsWith(rest) &&
    /^[a-z0-9_.-]*[a-z0-9_-]$/.test(origin.slice(scheme.length, -rest.length))
  );
}
