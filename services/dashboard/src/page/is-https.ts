import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether the browser speaks TLS, to a proxy in front. Who claims so without it only makes an own cookie useless: that
 * is sent over TLS alone then.
 */
export function isHttps(headers: IncomingHttpHeaders): boolean {
  const forwarded = headers["x-forwarded-proto"];
  if (typeof forwarded === "string" && forwarded.split(",", 1)[0]!.trim() === "https") return true;
  return headers.origin?.startsWith("https://") ?? false;
}
