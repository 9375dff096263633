import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { handshakeProblemOf } from "../../tls/handshake-problem.ts";
import type { ServiceTls } from "../../tls/service-tls.ts";
import { type ConnectionLimits, PooledConnection } from "./pooled-connection.ts";
import { type Resolve, resolveByDns, type Target, targetName, targetsOf } from "./resolve-addresses.ts";

/** How a pool lives. */
export type PoolLimits = ConnectionLimits & {
  /** After how long names are resolved again. */
  readonly resolveMs: number;
};

/** What holds where nothing else is said. */
const DEFAULT_POOL_LIMITS: PoolLimits = {
  connectTimeoutMs: 2_000,
  ageMs: 300_000,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 3_000,
  idleMs: 60_000,
  pauseMsMax: 5_000,
  resolveMs: 15_000,
};

/** Where a pool leads, and what it is made with. */
export type PoolOptions = {
  /** Scheme, name and port of the replicas of one service, such as "http://config:8080"; one or more. */
  readonly urls: readonly string[];
  /** What this process shows, and whom it believes, at addresses with https; the system's authorities where it is not given. */
  readonly tls?: Pick<ServiceTls, "current">;
  readonly limits?: Partial<PoolLimits>;
  readonly resolve?: Resolve;
  /** Milliseconds of any steady clock. */
  readonly now?: () => number;
  /** Gives numbers in [0, 1). */
  readonly random?: () => number;
};

/**
 * Connections to all replicas of a service: one HTTP/2 connection to each address that the URLs' names have, asked for
 * again every 15 s. Requests go to them in turn; an address that can not be reached is passed over for a while. A
 * connection is replaced after 5 minutes, so that replicas which came later get their share, and when TLS files changed.
 *
 * It is what connect-node's transports call a session manager, and can be used without them.
 */
export class ClientPool {
  /** What transports take for the address of the other side. */
  readonly authority: string;
  readonly #urls: readonly string[];
  readonly #limits: PoolLimits;
  readonly #tls: Pick<ServiceTls, "current"> | undefined;
  readonly #resolve: Resolve;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #connections = new Map<string, PooledConnection>();
  readonly #leaving = new Set<PooledConnection>();
  readonly #timer: NodeJS.Timeout;
  #resolving: Promise<void> | undefined;
  #turn = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    const [first] = options.urls;
    if (first === undefined) throw new Error("a pool needs an address");
    this.authority = new URL(first).origin;
    this.#urls = options.urls;
    this.#limits = { ...DEFAULT_POOL_LIMITS, ...options.limits };
    this.#tls = options.tls;
    this.#resolve = options.resolve ?? resolveByDns;
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#turn = Math.floor(this.#random() * 1_024);
    this.#timer = setInterval(() => void this.refresh(), this.#limits.resolveMs).unref();
  }

  /** The addresses that are known now. */
  get targets(): readonly Target[] {
    return [...this.#connections.values()].map(({ target }) => target);
  }

  /**
   * Begins a request at the next address that can be reached. Where none can, nothing was sent.
   *
   * @throws ConnectError `unavailable`
   */
  async request(method: string, path: string, headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream> {
    if (this.#connections.size === 0) await this.refresh();
    let cause: unknown;
    for (const connection of this.#inTurn()) {
      if (this.#isClosed) break;
      if (!(await connection.connect())) {
        cause = connection.problem ?? cause;
        continue;
      }
      const stream = await connection.request(method, path, headers);
      // Whoever still listens hears of a broken stream; one that nobody listens to any more must not end the process.
      stream.on("error", () => {});
      return stream;
    }
    if (this.#isClosed) throw new ConnectError("the client was closed", Code.Unavailable);
    const problem = handshakeProblemOf(cause);
    const what = `${this.#urls.join(", ")} can not be reached${problem === undefined ? "" : `: ${problem}`}`;
    throw new ConnectError(what, Code.Unavailable, undefined, undefined, cause);
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    for (const connection of this.#connections.values()) connection.notifyResponseByteRead(stream);
    for (const connection of this.#leaving) connection.notifyResponseByteRead(stream);
  }

  /** Resolves the names anew. Where that fails for one, its addresses stay as they were. Never fails. */
  refresh(): Promise<void> {
    this.#resolving ??= this.#refresh().finally(() => {
      this.#resolving = undefined;
    });
    return this.#resolving;
  }

  /** Breaks off all that is under way. Idempotent. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const connection of [...this.#connections.values(), ...this.#leaving]) connection.abort();
  }

  async #refresh(): Promise<void> {
    const found = await Promise.all(this.#urls.map((url) => targetsOf(url, this.#resolve).catch(() => undefined)));
    if (this.#isClosed) return;
    const kept = new Set<string>();
    for (const [index, targets] of found.entries()) {
      const { origin } = new URL(this.#urls[index]!);
      for (const target of targets ?? this.targets.filter((each) => each.origin === origin)) {
        const name = targetName(target);
        kept.add(name);
        if (!this.#connections.has(name)) this.#connections.set(name, this.#connectionTo(target));
      }
    }
    for (const [name, connection] of this.#connections) {
      if (kept.has(name)) {
        connection.sweep();
        continue;
      }
      this.#connections.delete(name);
      connection.retire();
      this.#leaving.add(connection);
    }
    for (const connection of this.#leaving) if (connection.sweep()) this.#leaving.delete(connection);
  }

  #connectionTo(target: Target): PooledConnection {
    return new PooledConnection(target, { limits: this.#limits, tls: this.#tls, now: this.#now, random: this.#random });
  }

  /** All connections, the next one first; those that failed a moment ago last, the one that waited longest before the others. */
  #inTurn(): PooledConnection[] {
    const all = [...this.#connections.values()];
    const start = this.#turn++ % Math.max(1, all.length);
    const turned = [...all.slice(start), ...all.slice(0, start)];
    const now = this.#now();
    const good = turned.filter(({ pausedUntilMs }) => pausedUntilMs <= now);
    const paused = turned.filter(({ pausedUntilMs }) => pausedUntilMs > now);
    return [...good, ...paused.sort((a, b) => a.pausedUntilMs - b.pausedUntilMs)];
  }
}
