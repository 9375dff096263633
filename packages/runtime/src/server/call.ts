import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { createContextKey } from "@connectrpc/connect";
import type { Logger } from "../log/logger.ts";
import { clientAddress, remoteAddressOf } from "./client-address.ts";
import type { AnyRequest } from "./one-port.ts";

/** How a caller speaks. */
export type Protocol = "connect" | "grpc" | "grpc-web" | "http";

/** One request under way. */
export type Call = {
  /** In the log, and in the answer as `x-request-id`. */
  readonly id: string;
  readonly path: string;
  readonly protocol: Protocol;
  /** performance.now() at its start. */
  readonly startedMs: number;
  readonly log: Logger;
  /** The caller's address, never to be stored or logged; "" where there is none. Behind proxies, what they say. */
  readonly clientAddress: () => string;
  /** Aborted when the server begins to drain: what could go on for long must answer now. */
  readonly shutdownSignal: AbortSignal;
  /** What it is measured as: `service/method`, a path that is handled, or "(unknown)". */
  method: string;
  /** A Connect code's word, or "ok", once it is known. */
  code: string | undefined;
};

/** Where an RPC's call is kept. */
export const callKey = createContextKey<Call | undefined>(undefined, { description: "call" });

const SANE_ID = /^[\w.:+/=-]{1,128}$/;

/** The record of a request that has just arrived. */
export function beginCall(request: AnyRequest, log: Logger, shutdownSignal: AbortSignal, trustedProxies: number): Call {
  const given = request.headers["x-request-id"];
  // Now: once the connection is gone, nobody can tell.
  const remoteAddress = remoteAddressOf(request);
  const id = typeof given === "string" && SANE_ID.test(given) ? given : randomUUID();
  return {
    id,
    path: (request.url ?? "").split("?", 1)[0]!,
    protocol: protocolOf(request),
    startedMs: performance.now(),
    log: log.child({ requestId: id }),
    clientAddress: () => clientAddress(remoteAddress, request.headers, trustedProxies),
    shutdownSignal,
    method: "(unknown)",
    code: undefined,
  };
}

/** Which protocol a request's content type belongs to; "http" where it is not known. */
function protocolOf(request: AnyRequest): Protocol {
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  if (type.startsWith("application/grpc")) return "grpc";
  if (type.startsWith("application/connect+") || "connect-protocol-version" in request.headers) return "connect";
  return "http";
}
