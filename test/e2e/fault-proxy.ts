import { ANSWERS_LOST, BLACK_HOLE, type Link, TcpProxy } from "@millrace/harness/tcp-proxy";

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
/** From within the head of the first answer to some answers later. */
const ANSWER_BYTES = { least: 10, most: 1_000 };
const THROTTLED = { bytesPerSecond: 50_000 };

/** A proxy that does to each connection what chance says, the same for the same seed and order. */
export class FaultProxy {
  /** How often each fault was chosen. */
  readonly chosen = new Map<Fault, number>();
  readonly #target: string;
  readonly #random: () => number;
  #faults: readonly Fault[];
  #proxy: TcpProxy | undefined;

  constructor(targetPort: number, seed: number, faults: readonly Fault[] = FAULTS) {
    this.#target = `127.0.0.1:${targetPort}`;
    this.#random = randomFrom(seed);
    this.#faults = faults;
  }

  /** Begins to listen; gives the address. */
  async start(): Promise<string> {
    this.#proxy = await TcpProxy.open(this.#target, { onLink: (link) => this.#spoil(link) });
    return `http://${this.#proxy.address}`;
  }

  /** Changes what is done to new connections, and ends those that are there. */
  become(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.#proxy?.cut();
  }

  async stop(): Promise<void> {
    await this.#proxy?.close();
  }

  #spoil(link: Link): void {
    const fault = this.#faults[Math.floor(this.#random() * this.#faults.length)] ?? "none";
    const lifeMs = this.#between(LIFE_MS);
    const latencyMs = this.#between(DELAY_MS);
    const answerBytes = Math.floor(this.#between(ANSWER_BYTES));
    this.chosen.set(fault, (this.chosen.get(fault) ?? 0) + 1);
    const end = (): void => link.cut();
    if (fault === "silent") link.become(BLACK_HOLE);
    if (fault === "unanswered") link.become(ANSWERS_LOST);
    if (fault === "delay") link.become({ toServer: { latencyMs }, toClient: { latencyMs } });
    if (fault === "throttle") link.become({ toServer: THROTTLED, toClient: THROTTLED });
    if (fault === "cutAnswer") link.become({ toClient: { resetAfterBytes: answerBytes } });
    if (fault === "stall") setTimeout(() => link.become(BLACK_HOLE), lifeMs);
    if (fault === "reset") setTimeout(end, lifeMs);
    if (fault === "end") setTimeout(() => link.end(), lifeMs);
    // Those that go well end too, so that there are others.
    if (this.#faults.length > 1 && PASSING.has(fault)) setTimeout(end, 3 * lifeMs);
  }

  #between({ least, most }: { readonly least: number; readonly most: number }): number {
    return least + this.#random() * (most - least);
  }
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
