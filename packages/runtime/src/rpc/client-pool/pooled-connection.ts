import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type { LookupFunction } from "node:net";
import { Http2SessionManager } from "@connectrpc/connect-node";
import type { ServiceTls } from "../../tls/service-tls.ts";
import { contextOptionsOf, type TlsMaterial } from "../../tls/tls-material.ts";
import type { Target } from "./resolve-addresses.ts";

/** How connections of a pool live. Milliseconds. */
export type ConnectionLimits = {
  /** After how long a connection that does not come about is given up. */
  readonly connectTimeoutMs: number;
  /** About how old a connection grows (a tenth more or less) before another takes its place. */
  readonly ageMs: number;
  /** How often the other side is asked whether it is there, while calls are under way. */
  readonly pingIntervalMs: number;
  /** How long it may take to answer that. */
  readonly pingTimeoutMs: number;
  /** After how long without a call a connection is closed. */
  readonly idleMs: number;
  /** The longest time for which an address that failed is passed over. */
  readonly pauseMsMax: number;
};

const PAUSE_MS_FIRST = 100;
const WINDOW_BYTES = 1024 * 1024;

/** What a connection is made with. */
export type ConnectionOptions = {
  readonly limits: ConnectionLimits;
  readonly tls: Pick<ServiceTls, "current"> | undefined;
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
  readonly random: () => number;
};

/** One HTTP/2 connection to one address, made when it is needed, and made anew when it is old, or TLS files have changed. */
export class PooledConnection {
  readonly target: Target;
  readonly #limits: ConnectionLimits;
  readonly #tls: Pick<ServiceTls, "current"> | undefined;
  readonly #now: () => number;
  readonly #random: () => number;
  #manager: Http2SessionManager | undefined;
  #agedAtMs = 0;
  /** What the connection was made with. */
  #material: TlsMaterial | undefined;
  /** Connections that take no more calls, and end when theirs are done. */
  readonly #retired = new Set<Http2SessionManager>();
  #failures = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(target: Target, options: ConnectionOptions) {
    this.target = target;
    this.#limits = options.limits;
    this.#tls = options.tls;
    this.#now = options.now;
    this.#random = options.random;
  }

  /** Until when it is to be passed over, after a failure, unless all others are as well. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** Why no connection came about, the last time that it was so. */
  get problem(): unknown {
    return this.#manager?.error();
  }

  /** Whether a connection stands now: nothing is lost by using it. */
  async connect(): Promise<boolean> {
    const manager = this.#current();
    if (await isConnected(manager, this.#limits.connectTimeoutMs)) {
      this.#failures = 0;
      this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
      return true;
    }
    this.#failures += 1;
    const boundMs = Math.min(this.#limits.pauseMsMax, PAUSE_MS_FIRST * 2 ** Math.min(this.#failures - 1, 16));
    this.#pausedUntilMs = this.#now() + boundMs * (0.5 + this.#random() / 2);
    return false;
  }

  /** Begins a request on the connection, which `connect` has said to stand. */
  async request(method: string, path: string, headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream> {
    const stream = await this.#current().request(method, path, headers, {});
    // A connection tells of its end when its socket has closed. The manager listens no longer where it has the next one by
    // then, and an error that nobody hears ends the process (connect-es issue 1768).
    stream.session?.off("error", ignore).on("error", ignore);
    return stream;
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    this.#manager?.notifyResponseByteRead(stream);
    for (const manager of this.#retired) manager.notifyResponseByteRead(stream);
  }

  /** Takes no more calls; those under way go on to their end. */
  retire(): void {
    if (this.#manager !== undefined) this.#retired.add(this.#manager);
    this.#manager = undefined;
    this.sweep();
  }

  /** Forgets retired connections that have closed, as they do some time after their last call. @returns whether none is left */
  sweep(): boolean {
    for (const manager of this.#retired) {
      const state = manager.state();
      if (state === "closed" || state === "error") this.#retired.delete(manager);
    }
    return this.#retired.size === 0;
  }

  /** Breaks off all that is under way. */
  abort(): void {
    this.#manager?.abort();
    for (const manager of this.#retired) manager.abort();
  }

  #current(): Http2SessionManager {
    const material = this.#tls?.current();
    const isOld = this.#now() >= this.#agedAtMs || material !== this.#material;
    if (this.#manager !== undefined && isOld) this.retire();
    if (this.#manager === undefined) {
      this.#manager = managerOf(this.target, this.#limits, material);
      this.#material = material;
      this.#agedAtMs = this.#now() + this.#limits.ageMs * (0.9 + this.#random() * 0.2);
    }
    return this.#manager;
  }
}

function managerOf(
  { origin, address, family }: Target,
  limits: ConnectionLimits,
  material: TlsMaterial | undefined,
): Http2SessionManager {
  // The name stays in the URL, which is what the certificate must be for; only where it leads is decided here.
  const lookup: LookupFunction = (_host, options, callback) => {
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  const { pingIntervalMs, pingTimeoutMs, idleMs: idleConnectionTimeoutMs } = limits;
  const pings = { pingIntervalMs, pingTimeoutMs, idleConnectionTimeoutMs };
  // Node hands the options on to the socket, which its types do not say.
  const options = {
    lookup,
    settings: { initialWindowSize: WINDOW_BYTES },
    ...(material !== undefined && contextOptionsOf(material)),
  };
  return new Http2SessionManager(origin, pings, options);
}

async function isConnected(manager: Http2SessionManager, withinMs: number): Promise<boolean> {
  const state = manager.state();
  if (state === "open" || state === "idle") {
    return (await manager.connect()) !== "error";
  }
  const late = Promise.withResolvers<"error">();
  const timer = setTimeout(() => {
    manager.abort(new Error(`no connection to ${manager.authority} within ${withinMs} ms`));
    late.resolve("error");
  }, withinMs);
  try {
    return (await Promise.race([manager.connect(), late.promise])) !== "error";
  } finally {
    clearTimeout(timer);
  }
}

function ignore(): void {}
