import type { Server, Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { Logger } from "../log/logger.ts";
import { handshakeProblemOf, problemOfCode } from "../tls/handshake-problem.ts";
import type { ServiceTls } from "../tls/service-tls.ts";
import { contextOptionsOf } from "../tls/tls-material.ts";

/** What a port that speaks TLS is opened with. */
export type SecureListenerOptions = {
  readonly tls: ServiceTls;
  /** How long a connection may take until both sides know each other. */
  readonly handshakeTimeoutMs: number;
  readonly log: Logger;
  /** Called with each connection, before anything was said on it. */
  readonly onConnection: (socket: Socket) => void;
  /** Called with each connection on which both know each other. ALPN has decided for HTTP/1.1 where HTTP/2 was not asked for. */
  readonly onSecured: (socket: Socket, isHttp2: boolean) => void;
};

const TOLD_PROBLEMS_MAX = 100;

/**
 * A listener that speaks TLS 1.2 or later, and nothing else, with the certificate that is there at the time: one that is renewed
 * is shown to whoever comes then, and connections that stand go on.
 */
export function createSecureListener(options: SecureListenerOptions): Server {
  const { tls, log, handshakeTimeoutMs: handshakeTimeout, onConnection, onSecured } = options;
  const isVerified = tls.clients === "verified";
  const callers = { requestCert: isVerified, rejectUnauthorized: isVerified };
  const listener = createServer({
    ...contextOptionsOf(tls.current()),
    ...callers,
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout,
    noDelay: true,
  });
  listener.on("connection", onConnection);
  listener.on("secureConnection", (socket) => {
    socket.on("error", ignore);
    onSecured(socket, socket.alpnProtocol === "h2");
  });
  // Each problem once: whoever calls in vain does so again and again.
  const told = new Set<string>();
  listener.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    const { remoteAddress, authorizationError } = socket;
    const problem = problemOfCode(authorizationError) ?? handshakeProblemOf(error);
    socket.destroy();
    // Balancers connect and go, to see whether somebody listens.
    if (problem === undefined || told.has(problem) || told.size >= TOLD_PROBLEMS_MAX) return;
    told.add(problem);
    log.warn({ remoteAddress }, `a caller was refused at TLS: ${problem} (further ones are not told)`);
  });
  const stop = tls.onChange((material) => listener.setSecureContext({ ...contextOptionsOf(material), ...callers }));
  listener.once("close", stop);
  return listener;
}

function ignore(): void {}
