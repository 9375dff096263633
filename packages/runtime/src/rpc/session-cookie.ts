import type { IncomingHttpHeaders } from "node:http";
import { Failure } from "@millrace/failure";

/** Reads a request's header by its name in lower case, whichever HTTP version it came by. */
export type ReadHeader = (name: string) => string | undefined;

/** What the text of a session begins with, so that nobody takes it for an API key. */
export const SESSION_PREFIX = "mls_";

const COOKIE = "millrace_session";
const SESSION = /^mls_[0-9A-Za-z_]{1,200}$/;

/**
 * The name of the cookie that carries a session of the page. The port is in it: browsers share cookies among all ports
 * of a host, and a session at one server must not end that at another.
 */
export function sessionCookieName(header: ReadHeader): string {
  const port = /:(\d{1,5})$/.exec(header("host") ?? "")?.[1];
  return port === undefined ? COOKIE : `${COOKIE}_${port}`;
}

/** The session in a request's cookie, wherever the request comes from; undefined when there is none. */
export function sessionCookieOf(header: ReadHeader): string | undefined {
  const start = `${sessionCookieName(header)}=`;
  const pairs = (header("cookie") ?? "").split(";").map((pair) => pair.trim());
  const text = pairs.find((pair) => pair.startsWith(start))?.slice(start.length);
  return text !== undefined && SESSION.test(text) ? text : undefined;
}

/**
 * The session by which a request is made: that of its cookie, where the request was sent by a page of this very origin.
 * Browsers add cookies to requests of other pages too, whose users want nothing of the kind.
 *
 * @throws Failure `unauthenticated` (SESSION_INVALID) when there is a cookie, and the request comes from elsewhere
 */
export function sessionOf(header: ReadHeader): string | undefined {
  const text = sessionCookieOf(header);
  if (text !== undefined) requireSameOrigin(header);
  return text;
}

/**
 * Fails with `unauthenticated` (SESSION_INVALID) unless a page of this origin sent the request, as browsers say it in
 * headers that no page can set: `Sec-Fetch-Site`, or `Origin` where there is no such (on plain HTTP beyond localhost).
 */
export function requireSameOrigin(header: ReadHeader): void {
  const site = header("sec-fetch-site");
  const isSame = site === undefined ? isOwnOrigin(header("origin"), header("host")) : site === "same-origin";
  if (isSame) return;
  const message = "a session is good only for requests of the page itself; other programs need an API key";
  throw new Failure("unauthenticated", "SESSION_INVALID", message);
}

/** Reads the headers that Node gives. */
export function readerOf(headers: IncomingHttpHeaders): ReadHeader {
  return (name) => {
    const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
    return typeof value === "string" ? value : value?.[0];
  };
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}
