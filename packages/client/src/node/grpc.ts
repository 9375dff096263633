import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Clock } from "../clock.ts";

/** How long one waits for a server that says nothing. */
export type Patience = {
  /** For a connection, TLS included: where nobody answers, the system waits for minutes, or for ever. */
  readonly connectMs: number;
  /** Until the server of open streams is asked whether it lives. */
  readonly pingMs: number;
  /** For its answer to that. */
  readonly pongMs: number;
};

const PATIENCE: Patience = { connectMs: 15_000, pingMs: 20_000, pongMs: 10_000 };
const NO_ONE = "nobody answered at the address in time";

/** A transport by gRPC over HTTP/2, in clear for `http:` (h2c), and how to close its connection. */
export function connectByGrpc(
  baseUrl: string,
  interceptors: Interceptor[],
  clock: Clock,
  patience = PATIENCE,
): { transport: Transport; close(): void } {
  const sessionManager = new Sessions(baseUrl, clock, patience);
  return {
    transport: createGrpcTransport({ baseUrl, interceptors, sessionManager }),
    close: () => sessionManager.abort(),
  };
}

/** Connections that end in bounded time where the server is gone, and whose end is not the process's. */
class Sessions extends Http2SessionManager {
  readonly #clock: Clock;
  readonly #connectMs: number;

  constructor(url: string, clock: Clock, { connectMs, pingMs, pongMs }: Patience) {
    super(url, { pingIntervalMs: pingMs, pingTimeoutMs: pongMs });
    this.#clock = clock;
    this.#connectMs = connectMs;
  }

  override async request(...call: Parameters<Http2SessionManager["request"]>) {
    // Calls that wait for a connection fail with it; so what is in the making at the end was so at the beginning.
    const timer = this.#clock.after(this.#connectMs, () => {
      if (this.state() === "connecting") this.abort(new ConnectError(NO_ONE, Code.Unavailable));
    });
    try {
      const stream = await super.request(...call);
      // A session tells of its end late where bytes are stuck. The manager listens no longer when it has the next one by
      // then, and an error that nobody hears ends the process.
      stream.session?.off("error", ignore).on("error", ignore);
      // Who waits for an answer holds the process; a stream of events alone does not.
      stream.session?.unref();
      return stream;
    } finally {
      timer.cancel();
    }
  }
}

function ignore(): void {}
