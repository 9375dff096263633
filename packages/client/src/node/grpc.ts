import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

const PING_INTERVAL_MS = 20_000;
const PING_TIMEOUT_MS = 10_000;

/** A transport by gRPC over HTTP/2, in clear for `http:` (h2c), and how to close its connection. */
export function connectByGrpc(baseUrl: string, interceptors: Interceptor[]): { transport: Transport; close(): void } {
  // Pings find out that a connection with open streams is dead, where nothing else tells.
  const sessionManager = new Http2SessionManager(baseUrl, {
    pingIntervalMs: PING_INTERVAL_MS,
    pingTimeoutMs: PING_TIMEOUT_MS,
  });
  return {
    transport: createGrpcTransport({ baseUrl, interceptors, sessionManager }),
    close: () => sessionManager.abort(),
  };
}
