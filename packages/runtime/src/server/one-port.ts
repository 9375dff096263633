import {
  createServer as createHttp1,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "../log/logger.ts";
import type { ServiceTls } from "../tls/service-tls.ts";
import { type Sessions, trackSessions } from "./http2-sessions.ts";
import type { ServerLimits } from "./limits.ts";
import { createSecureListener } from "./secure-listener.ts";

/** A request of either HTTP version. That of HTTP/2 has its `stream`. */
export type AnyRequest = IncomingMessage | Http2ServerRequest;

/** A response of either HTTP version. That of HTTP/2 has its `stream`. */
export type AnyResponse = ServerResponse | Http2ServerResponse;

/** Handles a request of either HTTP version. */
export type RequestListener = (request: AnyRequest, response: AnyResponse) => void;

/** A port that speaks HTTP/1.1 and HTTP/2: over TLS as ALPN says, or without (h2c, with prior knowledge). */
export type OnePort = {
  readonly listener: Server;
  /** Takes no new connection, and no new HTTP/2 stream; what is under way goes on. */
  readonly refuseNew: () => void;
  /** Resolves when no connection is open any more. */
  readonly closed: () => Promise<void>;
  /** Ends every connection, whatever is under way on it. */
  readonly destroy: () => void;
};

const PREFACE = Buffer.from("PRI * HTTP/2.0");
/** No method of HTTP/1 begins like this, so that three bytes decide. */
const DECIDING_BYTES = 3;

/** What a port is made with. */
export type OnePortOptions = {
  readonly limits: ServerLimits;
  /** Undefined: without TLS, and a connection's first bytes tell which protocol it speaks. */
  readonly tls: ServiceTls | undefined;
  readonly log: Logger;
};

/** The port's listener. Not yet listening. */
export function createOnePort({ limits, tls, log }: OnePortOptions, onRequest: RequestListener): OnePort {
  const http1Responses = new Set<ServerResponse>();
  const http1 = createHttp1Server(limits, (request, response) => {
    http1Responses.add(response);
    response.once("close", () => http1Responses.delete(response));
    onRequest(request, response);
  });
  const http2 = createHttp2(
    {
      settings: {
        initialWindowSize: limits.http2.streamWindowBytes,
        maxConcurrentStreams: limits.http2.concurrentStreamsMax,
        maxHeaderListSize: limits.headerBytesMax,
        enablePush: false,
      },
      maxSessionMemory: limits.http2.sessionMemoryMebibytesMax,
    },
    onRequest,
  );
  const sessions: Sessions = trackSessions(http2, limits.http2);
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A connection that breaks off is no event for us; what was under way on it learns of it by its own signal.
    socket.on("error", ignore);
  };
  const serve = (socket: Socket, isHttp2: boolean) => void (isHttp2 ? http2 : http1).emit("connection", socket);
  const { protocolTimeoutMs: handshakeTimeoutMs } = limits;
  const listener =
    tls === undefined
      ? createServer({ noDelay: true }, (socket) => {
          onConnection(socket);
          handOver(socket, limits.protocolTimeoutMs, (isHttp2) => serve(socket, isHttp2));
        })
      : createSecureListener({ tls, handshakeTimeoutMs, log, onConnection, onSecured: serve });
  listener.maxConnections = limits.connectionsMax;
  // HTTP/1 checks its timeouts from its own listening on; here it never listens.
  listener.once("listening", () => http1.emit("listening"));
  return {
    listener,
    refuseNew() {
      listener.close();
      // Stops the check of timeouts too, but that only ends what never became a request.
      http1.close();
      http1.closeIdleConnections();
      // So that a client sends nothing more on a connection which ends after this answer.
      for (const response of http1Responses) if (!response.headersSent) response.setHeader("connection", "close");
      sessions.closeAll();
    },
    async closed() {
      while (sockets.size > 0) await closeOf(sockets.values().next().value!);
    },
    destroy() {
      sessions.destroyAll();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function createHttp1Server(
  limits: ServerLimits,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Http1Server {
  return createHttp1(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
    },
    onRequest,
  );
}

/** Reads a connection's first bytes, puts them back, and says whether they are HTTP/2's. */
function handOver(socket: Socket, timeoutMs: number, decided: (isHttp2: boolean) => void): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const held: Buffer[] = [];
  let length = 0;
  socket.once("close", () => clearTimeout(timer));
  const look = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk !== null) {
      held.push(chunk);
      length += chunk.length;
    }
    if (length < DECIDING_BYTES) {
      if (!socket.readableEnded) socket.once("readable", look);
      return;
    }
    clearTimeout(timer);
    const head = held.length === 1 ? held[0]! : Buffer.concat(held);
    const compared = Math.min(head.length, PREFACE.length);
    socket.unshift(head);
    decided(head.subarray(0, compared).equals(PREFACE.subarray(0, compared)));
  };
  socket.once("readable", look);
}

/** Also one that is reset closes, which `once` of node:events would take for a failure. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

function ignore(): void {}
