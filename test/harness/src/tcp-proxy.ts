import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Link } from "./proxy/link.ts";
import { BLACK_HOLE, type Direction, type Manners } from "./proxy/manner.ts";
import { hostAndPort } from "./servers/probe.ts";

export type { Link } from "./proxy/link.ts";
export { ANSWERS_LOST, BLACK_HOLE, type Direction, type Manner, type Manners } from "./proxy/manner.ts";

/** What a proxy can be told at its start. */
export type TcpProxyOptions = {
  /** Where it listens. Absent: at 127.0.0.1, at a port of the system's choice. */
  readonly host?: string;
  readonly port?: number;
  /** Numbers from 0 (inclusive) to 1 (exclusive), for jitter. Absent: Math.random. */
  readonly random?: () => number;
  /** Is given every new connection, to treat it in a manner of its own. */
  readonly onLink?: (link: Link) => void;
};

/**
 * A TCP proxy between anything and a server, whose faults are changed while it runs: `become` says how all connections,
 * those that are there and those that come, are treated from now on. At first everything passes.
 *
 * Memory is bounded: a direction that can not go on stops reading after 256 KiB. A real black hole leaves the attempt to
 * connect unanswered too; here the connection is made, and nothing comes of it.
 */
export class TcpProxy implements AsyncDisposable {
  /** Where the server is, as host:port. New connections go there; may be changed. */
  target: string;
  /** How many connections were ever made. */
  accepted = 0;
  /** How many bytes went on, by direction. */
  readonly bytes: Record<Direction, number> = { toServer: 0, toClient: 0 };
  readonly #links = new Set<Link>();
  readonly #forgotten = new Set<Link>();
  readonly #options: TcpProxyOptions;
  readonly #host: string;
  #port: number;
  #manners: Manners = {};
  #server: Server | undefined;

  private constructor(target: string, options: TcpProxyOptions) {
    this.target = target;
    this.#options = options;
    this.#host = options.host ?? "127.0.0.1";
    this.#port = options.port ?? 0;
  }

  /** Begins to listen for connections to `target` (host:port). */
  static async open(target: string, options: TcpProxyOptions = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, options);
    await proxy.#listen();
    return proxy;
  }

  /** Where it listens, as host:port. The same as long as it lives. */
  get address(): string {
    return `${this.#host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections there are. */
  get open(): number {
    return this.#links.size + this.#forgotten.size;
  }

  /**
   * Treats all connections so from now on: at once, except that it listens, or no longer listens, when this resolves.
   * `become({})` lets everything pass again.
   */
  async become(manners: Manners): Promise<void> {
    this.#manners = manners;
    for (const link of [...this.#links]) link.become(manners);
    if (manners.refuses === true) this.#deafen();
    else await this.#listen();
  }

  /** Resets all connections that there are now. New ones are treated as before. */
  cut(): void {
    for (const link of [...this.#links, ...this.#forgotten]) link.cut();
  }

  /**
   * Lets all connections that there are now hang for good, as a firewall does that forgot them: nothing arrives, and nothing
   * ends. New ones are treated as before.
   */
  forget(): void {
    for (const link of this.#links) {
      link.become(BLACK_HOLE);
      this.#forgotten.add(link);
    }
    this.#links.clear();
  }

  /** Listens no more, and resets all connections. Idempotent. */
  async close(): Promise<void> {
    const closed = this.#server === undefined ? undefined : once(this.#server, "close");
    this.#deafen();
    this.cut();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address !== null && typeof address !== "string") this.#port = address.port;
  }

  #deafen(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #connect(client: Socket): void {
    this.accepted++;
    const link: Link = new Link(client, {
      target: hostAndPort(this.target),
      manners: this.#manners,
      random: this.#options.random ?? Math.random,
      onBytes: (direction, count) => {
        this.bytes[direction] += count;
      },
      onClose: () => this.#links.delete(link) || this.#forgotten.delete(link),
    });
    this.#links.add(link);
    this.#options.onLink?.(link);
  }
}
