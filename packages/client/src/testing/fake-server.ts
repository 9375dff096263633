import { createServer as createHttp1Server, type Server } from "node:http";
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { IngestService, type StreamRequest } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { onTestFinished } from "vitest";

/** What a test lets a server do. */
export type FakeServices = {
  readonly ingest?: Partial<ServiceImpl<typeof IngestService>>;
  readonly reporting?: Partial<ServiceImpl<typeof ReportingService>>;
};

/** How a server listens. */
export type FakeServerOptions = {
  /** Absent: the system's choice. */
  readonly port?: number;
  /** Absent: h2c. */
  readonly isHttp1?: boolean;
  /** Sees each HTTP/2 stream before it is served. */
  readonly onStream?: (stream: ServerHttp2Stream) => void;
};

/** A server whose every answer is the test's. */
export class FakeServer {
  /** How many HTTP/2 connections there were. */
  connections = 0;
  /** Resolves when it can be reached. */
  readonly listening: Promise<void>;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #server: Server | Http2Server;

  constructor({ ingest, reporting }: FakeServices, { port = 0, isHttp1 = false, onStream }: FakeServerOptions) {
    const handle = connectNodeAdapter({
      routes: (router: ConnectRouter) => {
        if (ingest !== undefined) router.service(IngestService, ingest);
        if (reporting !== undefined) router.service(ReportingService, reporting);
      },
    });
    this.#server = isHttp1 ? createHttp1Server(handle) : this.#http2(handle, onStream);
    this.listening = new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Says that the connections end: streams under way may finish, others are refused. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Breaks all connections off, and goes on. */
  cut(): void {
    for (const session of this.#sessions) session.destroy();
  }

  /** Ends at once, without a word. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions) session.destroy();
    if ("closeAllConnections" in this.#server) this.#server.closeAllConnections();
    await closed;
  }

  #http2(handle: ReturnType<typeof connectNodeAdapter>, onStream: FakeServerOptions["onStream"]): Http2Server {
    const server = createServer();
    server.on("session", (session) => {
      this.connections++;
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
    });
    if (onStream !== undefined) server.on("stream", onStream);
    return server.on("request", handle);
  }
}

/** Starts a server that ends with the test. */
export async function startFakeServer(services: FakeServices, options: FakeServerOptions = {}): Promise<FakeServer> {
  const server = new FakeServer(services, options);
  await server.listening;
  // Idempotent: a test may have ended it.
  onTestFinished(() => server.stop());
  return server;
}

/** What a server has counted, by event ids. */
export class Ledger {
  readonly counted = new Set<string>();
  duplicates = 0;

  /** Takes events; says how many are new. */
  take({ events }: Pick<StreamRequest, "events">): { accepted: number; duplicate: number } {
    const before = this.counted.size;
    for (const { eventId } of events) this.counted.add(eventId);
    const accepted = this.counted.size - before;
    this.duplicates += events.length - accepted;
    return { accepted, duplicate: events.length - accepted };
  }
}
