import { remember } from "./remember.ts";

/** The parts of a URL that rules read; each is "" when there is none. */
export type UrlParts = {
  /** Lower case, without user, port, "www." and the dot at the end. */
  readonly host: string;
  /** As written, from the first slash after the host to before "?" or "#". */
  readonly path: string;
  /** As written, after "?" and before "#". */
  readonly query: string;
};

/** As many URLs as a site has busy pages; together they take a few megabytes. */
const REMEMBERED_MAX = 4096;

/** Letters, digits and what is beyond ASCII; brackets and colons for IPv6. */
const HOST = /^[\p{L}\p{M}\p{N}._\-[\]:]+$/u;

const NO_PLACE = /^(?:about|blob|data|javascript|mailto|sms|tel):/i;

/**
 * Takes a URL apart. Written here because `URL` throws on what trackers really send, and costs a microsecond. `scheme://`
 * and `//` begin a host. Anything else is a path with a query, so `example.com/a` is a path; only what is known to name
 * no place, such as `about:blank`, has no part at all.
 */
export const urlParts: (url: string) => UrlParts = remember(REMEMBERED_MAX, parse);

function parse(url: string): UrlParts {
  const text = url.trim();
  const authority = /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.exec(text)?.[0].length ?? 0;
  if (authority === 0 && NO_PLACE.test(text)) return { host: "", path: "", query: "" };
  const fragment = text.indexOf("#", authority);
  const whole = fragment < 0 ? text : text.slice(0, fragment);
  const question = whole.indexOf("?", authority);
  const query = question < 0 ? "" : whole.slice(question + 1);
  const before = question < 0 ? whole : whole.slice(0, question);
  if (authority === 0) return { host: "", path: before, query };
  const slash = before.indexOf("/", authority);
  return {
    host: hostOf(before.slice(authority, slash < 0 ? undefined : slash)),
    path: slash < 0 ? "" : before.slice(slash),
    query,
  };
}

/** The host of `user:password@WWW.example.com.:8080` is `example.com`. "" for what can't be a host. */
export function hostOf(authority: string): string {
  const host = authority
    .slice(authority.lastIndexOf("@") + 1)
    .replace(/:\d*$/, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (!HOST.test(host)) return "";
  return host.startsWith("www.") ? host.slice(4) : host;
}
