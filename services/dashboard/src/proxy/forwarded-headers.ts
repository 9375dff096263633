import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { ACTING_FOR_HEADER, type AnyRequest, type Call } from "@millrace/runtime";
import { context, propagation } from "@opentelemetry/api";

/** What concerns one connection alone (RFC 9110, 7.6.1), and what HTTP/2 has no place for. */
const HOP_BY_HOP = [
  "connection",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** What only this server says to those behind it, and a session's cookie, which is for this server alone. */
const OURS = [ACTING_FOR_HEADER, "cookie", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-request-id"];
const NOT_SENT: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...OURS]);

/** What this server says itself: who may read the answer, and under which id it is in the log. */
const NOT_ANSWERED: ReadonlySet<string> = new Set([...HOP_BY_HOP, "date", "x-content-type-options", "x-request-id"]);

/**
 * The headers that a request is forwarded with: its own, without what is for this connection alone, and with the caller's
 * address, the request's id, and its trace. Deadlines are among its own.
 */
export function requestHeaders(request: AnyRequest, call: Call): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const named = connectionNames(request.headers.connection);
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(":") && !NOT_SENT.has(name) && !named.has(name)) headers[name] = value;
  }
  // Trailers are how gRPC says how a call ended: a server of it refuses callers that can not read them.
  if (/\btrailers\b/i.test(String(request.headers["te"] ?? ""))) headers["te"] = "trailers";
  headers["x-request-id"] = call.id;
  const address = call.clientAddress();
  // The one address that is believed here, so that those behind count exactly one proxy, this.
  if (address !== "") headers["x-forwarded-for"] = address;
  propagation.inject(context.active(), headers);
  return headers;
}

/** The headers of an answer from behind, for the one who asked. */
export function answerHeaders(headers: IncomingHttpHeaders): [string, string | string[]][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const isLeftOut = name.startsWith(":") || name.startsWith("access-control-") || NOT_ANSWERED.has(name);
    return isLeftOut || value === undefined ? [] : [[name, value] as [string, string | string[]]];
  });
}

function connectionNames(header: string | undefined): ReadonlySet<string> {
  return new Set((header ?? "").split(",").map((name) => name.trim().toLowerCase()));
}
