import type { AnyRequest, AnyResponse } from "./one-port.ts";
import { writeAnswer } from "./write-answer.ts";

/**
 * Which web pages may call. Credentials of the browser (cookies) are never allowed: a caller shows its API key itself,
 * so that a page which was not given a key learns nothing, whatever its origin.
 */
export type CorsOptions = {
  /** Origins, such as "https://example.org", whose pages may call every path; "*" stands for all. None by default. */
  readonly origins?: readonly string[];
  /** Paths that the pages of every origin may call: those that take events. None by default. */
  readonly openPaths?: readonly string[];
};

const HEADERS = {
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": [
    "authorization",
    "content-encoding",
    "content-type",
    "connect-protocol-version",
    "connect-timeout-ms",
    "grpc-timeout",
    "traceparent",
    "tracestate",
    "x-api-key",
    "x-grpc-web",
    "x-request-id",
    "x-user-agent",
  ].join(", "),
  "access-control-max-age": "7200",
} as const;

const EXPOSED = "content-encoding, grpc-status, grpc-message, grpc-status-details-bin, retry-after, x-request-id";

/** Sets a response's CORS headers; answers a preflight, and then gives true. */
export type ApplyCors = (request: AnyRequest, response: AnyResponse, path: string) => boolean;

/** CORS for a server. */
export function createCors(options: CorsOptions = {}): ApplyCors {
  const origins = new Set(options.origins ?? []);
  const openPaths = new Set(options.openPaths ?? []);
  return (request, response, path) => {
    const { origin } = request.headers;
    if (origin === undefined) return false;
    const isOpen = origins.has("*") || openPaths.has(path);
    const isAllowed = isOpen || origins.has(origin);
    if (isAllowed) response.setHeader("access-control-allow-origin", isOpen ? "*" : origin);
    if (!isOpen && origins.size > 0) response.setHeader("vary", "origin");
    const isPreflight = request.method === "OPTIONS" && "access-control-request-method" in request.headers;
    if (!isPreflight) {
      if (isAllowed) response.setHeader("access-control-expose-headers", EXPOSED);
      return false;
    }
    writeAnswer(response, isAllowed ? { status: 204, headers: HEADERS } : { status: 403, headers: {} });
    return true;
  };
}
