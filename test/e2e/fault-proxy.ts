import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What is done to a connection. */
export type Fault = "none" | "reset" | "end" | "unanswered" | "stall" | "delay" | "throttle" | "cutAnswer" | "silent";

/** The faults of a bad line, each as often as it stands here. */
const FAULTS: readonly Fault[] = [
  "none",
  "reset",
  "reset",
  "end",
  "unanswered",
  "stall",
  "delay",
  "throttle",
  "cutAnswer",
  "cutAnswer",
  "silent",
];

const PASSING: ReadonlySet<Fault> = new Set(["none", "delay", "throttle"]);
const DELAY_MS = { least: 200, most: 2000 };
const LIFE_MS = { least: 5, most: 1500 };
const SLICE_BYTES = 5_000;
const SLICE_MS = 100;

/** A proxy on 127.0.0.1 that does to each connection what chance says, the same for the same seed and order. */
export class FaultProxy {
  /** How often each fault was chosen. */
  readonly chosen = new Map<Fault, number>();
  readonly #targetPort: number;
  readonly #random: () => number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #faults: readonly Fault[];

  constructor(targetPort: number, seed: number, faults: readonly Fault[] = FAULTS) {
    this.#targetPort = targetPort;
    this.#random = randomFrom(seed);
    this.#faults = faults;
    this.#server = createServer((socket) => this.#onConnection(socket));
  }

  /** Begins to listen; gives the address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Changes what is done to new connections, and ends those that are there. */
  become(faults: readonly Fault[]): void {
    this.#faults = faults;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onConnection(client: Socket): void {
    const fault = this.#faults[Math.floor(this.#random() * this.#faults.length)] ?? "none";
    const lifeMs = this.#between(LIFE_MS);
    const delayMs = this.#between(DELAY_MS);
    const answers = 1 + Math.floor(this.#random() * 8);
    this.chosen.set(fault, (this.chosen.get(fault) ?? 0) + 1);
    this.#hold(client);
    // Taken, and never looked at.
    if (fault === "silent") return;
    const server = this.#hold(connect(this.#targetPort, "127.0.0.1"));
    const end = (): void => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("end", () => to.end());
      from.on("close", () => to.destroy());
    }
    if (fault === "unanswered") {
      client.pipe(server);
      server.resume();
    } else if (fault === "delay") {
      delay(client, server, delayMs);
      delay(server, client, delayMs);
    } else if (fault === "throttle") {
      throttle(client, server);
      throttle(server, client);
    } else if (fault === "cutAnswer") {
      client.pipe(server);
      let seen = 0;
      server.on("data", (chunk) => (++seen < answers ? client.write(chunk) : end()));
    } else {
      client.pipe(server);
      server.pipe(client);
    }
    if (fault === "reset") setTimeout(end, lifeMs);
    // Those that go well end too, so that there are others.
    if (this.#faults.length > 1 && PASSING.has(fault)) setTimeout(end, 3 * lifeMs);
    if (fault === "end") setTimeout(() => client.end(), lifeMs);
    if (fault === "stall") {
      setTimeout(() => {
        client.unpipe().pause();
        server.unpipe().pause();
      }, lifeMs);
    }
  }

  #hold(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // Broken connections are what it is for.
    return socket.on("error", () => {});
  }

  #between({ least, most }: { readonly least: number; readonly most: number }): number {
    return least + this.#random() * (most - least);
  }
}

function delay(from: Socket, to: Socket, ms: number): void {
  from.on("data", (chunk) => {
    setTimeout(() => to.writable && to.write(chunk), ms);
  });
}

function throttle(from: Socket, to: Socket): void {
  from.on("data", (chunk) => {
    from.pause();
    let at = 0;
    const timer = setInterval(() => {
      if (to.writable) to.write(chunk.subarray(at, at + SLICE_BYTES));
      at += SLICE_BYTES;
      if (at < chunk.length && !to.destroyed) return;
      clearInterval(timer);
      from.resume();
    }, SLICE_MS);
  });
}

/** Numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed. Source: mulberry32 by Tommy Ettinger. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
