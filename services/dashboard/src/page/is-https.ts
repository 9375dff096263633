import type { IncomingHttpHeaders } from "node:http";
import { readerOf } from "@millrace/runtime";

/** Hosts that browsers trust without TLS (W3C Secure Contexts, section 3.1). */
const TRUSTED_WITHOUT = /^(?:(?:.*\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;

/**
 * Whether the browser speaks TLS: to this server, over HTTP/2, as browsers do; or to a proxy in front, as the proxy says it; or as
 * the browser says it, whose `Origin` begins with https, and which says `Sec-Fetch-Site` to hosts that it trusts alone. Who claims so without it only makes an own
 * cookie useless: that is sent over TLS alone then.
 */
export function isHttps(headers: IncomingHttpHeaders): boolean {
  if (headers[":scheme"] === "https") return true;
  const forwarded = headers["x-forwarded-proto"];
  if (typeof forwarded === "string" && forwarded.split(",", 1)[0]!.trim() === "https") return true;
  if (headers.origin?.startsWith("https://")) return true;
  const host = readerOf(headers)("host");
  return headers["sec-fetch-site"] !== undefined && host !== undefined && !TRUSTED_WITHOUT.test(host);
}
