import { createMillrace, type Millrace } from "@millrace/client";
import type { Total } from "./producer.ts";
import type { SentTicks } from "./ticks.ts";

/** How an application tracks, where it is not as usual. */
export type SdkHabit = {
  /** What its events say they are from; "sdk" when absent. */
  readonly name?: string;
  /** How events travel: by streams, unless `fetch`. */
  readonly transport?: "grpc" | "fetch";
  /** Makes the client: that of another release, such as the last one. */
  readonly create?: typeof createMillrace;
};

const EVERY_MS = 20;
const EVENTS_AT_ONCE = 4;
const MINUTE_MS = 60_000;
const MILLION = 1_000_000;

/** An application that tracks with the client library, and its own account of that. */
export class SdkLoad implements SentTicks {
  readonly name: string;
  readonly minutes = new Map<number, Total>();
  sum = 0n;
  readonly #client: Millrace;
  readonly #random: () => number;
  readonly #timer: NodeJS.Timeout;
  #tracked = 0;

  constructor(url: string, key: string, random: () => number, habit: SdkHabit = {}) {
    const { name = "sdk", transport = "grpc", create = createMillrace } = habit;
    this.name = name;
    this.#client = create({
      url,
      key,
      transport,
      batch: { events: 50, delayMs: 20 },
      retry: { maxDelayMs: 1_000 },
      onIssue: () => {},
    });
    this.#random = random;
    this.#timer = setInterval(() => {
      for (let i = 0; i < EVENTS_AT_ONCE; i++) this.#track();
    }, EVERY_MS);
  }

  get account() {
    const { accepted, duplicate, retries } = this.#client.stats();
    return { acknowledged: accepted + duplicate, sent: this.#tracked, resent: retries };
  }

  /** Tracks no more, and resolves when all is durable; gives what the client says of it. */
  async stop() {
    clearInterval(this.#timer);
    const { pending } = await this.#client.close({ timeoutMs: 120_000 });
    return { pending, ...this.#client.stats() };
  }

  #track(): void {
    const nowMs = Date.now();
    const amount = Math.floor((this.#random() - 0.3) * 1e9);
    const properties = { producer: this.name, amount: amount / MILLION };
    const options = { time: new Date(nowMs), userId: `u${this.#tracked % 50}` };
    if (!this.#client.track("tick", properties, options)) throw new Error("the client's buffer is full");
    this.#tracked++;
    const minute = nowMs - (nowMs % MINUTE_MS);
    const total = this.minutes.get(minute) ?? { count: 0, sum: 0n };
    this.minutes.set(minute, { count: total.count + 1, sum: total.sum + BigInt(amount) });
    this.sum += BigInt(amount);
  }
}
