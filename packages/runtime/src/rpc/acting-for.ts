import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Failure } from "@millrace/failure";
import type { Principal } from "./principal.ts";

/** Names whom a service acts for. Believed only of a caller that showed a service key. */
export const ACTING_FOR_HEADER = "millrace-acting-for";

const HEADER_LENGTH_MAX = 1_024;
/** What a person or a key can hold; never what services have among themselves. */
const DELEGATED: ReadonlySet<number> = new Set([Scope.INGEST, Scope.IMPORT, Scope.REPORT, Scope.ADMIN]);

/** The header's value for a principal: its id, its project and its scopes. */
export function actingForText({ keyId, projectId, scopes }: Principal): string {
  const text = JSON.stringify({ keyId, projectId, scopes: [...scopes].sort((a, b) => a - b) });
  return Buffer.from(text).toString("base64url");
}

/**
 * On whose behalf a call is made: where a service says that it acts for another, that one, with exactly the scopes said;
 * in any other case the caller. From callers that are no services the header means nothing.
 *
 * @throws Failure `unauthenticated` (CREDENTIAL_MALFORMED) where a service's header can not be read
 */
export function principalBehind(caller: Principal, header: string | undefined): Principal {
  if (header === undefined || caller.mayActForOthers !== true) return caller;
  const said = parse(header);
  if (said === undefined) {
    throw new Failure("unauthenticated", "CREDENTIAL_MALFORMED", `${ACTING_FOR_HEADER} does not name a principal`);
  }
  return said;
}

function parse(header: string): Principal | undefined {
  if (header.length > HEADER_LENGTH_MAX) return undefined;
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof said !== "object" || said === null) return undefined;
  const { keyId, projectId, scopes } = said as Record<string, unknown>;
  if (typeof keyId !== "string" || keyId === "") return undefined;
  if (projectId !== undefined && (typeof projectId !== "string" || projectId === "")) return undefined;
  if (!Array.isArray(scopes) || !scopes.every((scope) => DELEGATED.has(scope))) return undefined;
  return { keyId, projectId, scopes: new Set(scopes) };
}
