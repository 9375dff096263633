import { randomBytes } from "node:crypto";
import { createMillrace, type Millrace } from "@millrace/client";
import type { SentTicks, Total } from "@millrace/harness/load";

/** Of so many clients one streams by gRPC; the others post, each batch a call of its own. */
const ONE_STREAMS_OF = 8;
/** What can't be compressed away: a thousand bytes are a thousand bytes. Far more of them than events in a record. */
const FILLERS = Array.from({ length: 4_096 }, () => randomBytes(525).toString("base64"));
const BATCH_BYTES = 128 * 1024;
const BUFFERED_EVENTS_MAX = 400;
const TICK_MS = 20;
const TRACK_MS_MAX = 180_000;
const MINUTE_MS = 60_000;

/** What a crowd went through, in sum over its clients, since it was made. */
export type CrowdStats = {
  readonly accepted: number;
  /** Attempts that failed and were repeated. */
  readonly retries: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
};

/** Applications that track with the client library at one address, each with a small buffer, and their account together. */
export class Crowd implements SentTicks {
  readonly name: string;
  readonly minutes = new Map<number, Total>();
  sum = 0n;
  /** Why attempts failed or events were let go, each reason once. */
  readonly reasons = new Set<string>();
  readonly #clients: readonly Millrace[];
  #sent = 0;
  #turn = 0;

  constructor(name: string, { url, key, size }: { url: string; key: string; size: number }) {
    this.name = name;
    this.#clients = Array.from({ length: size }, (_, i) =>
      createMillrace({
        url,
        key,
        transport: i % ONE_STREAMS_OF === ONE_STREAMS_OF - 1 ? "grpc" : "fetch",
        batch: { bytes: BATCH_BYTES },
        buffer: { events: BUFFERED_EVENTS_MAX },
        overflow: "drop-newest",
        issueIntervalMs: 0,
        onIssue: ({ kind, reason }) => this.reasons.add(`${kind}: ${reason}`),
      }),
    );
  }

  get account() {
    const { accepted, retries } = this.stats();
    return { acknowledged: accepted, sent: this.#sent, resent: retries };
  }

  stats(): CrowdStats {
    const all = this.#clients.map((client) => client.stats());
    const merged = (pick: "dropped" | "rejected") => {
      const counts: Record<string, number> = {};
      for (const stats of all) {
        for (const [reason, count] of Object.entries(stats[pick])) counts[reason] = (counts[reason] ?? 0) + count;
      }
      return counts;
    };
    return {
      accepted: all.reduce((sum, { accepted, duplicate }) => sum + accepted + duplicate, 0),
      retries: all.reduce((sum, { retries }) => sum + retries, 0),
      dropped: merged("dropped"),
      rejected: merged("rejected"),
    };
  }

  /**
   * Tracks for some time, and until it is enough: so many events a second, or as many as the clients have room for. Gives how
   * many were accepted a second.
   */
  async track(
    forMs: number,
    perSecond = Number.POSITIVE_INFINITY,
    isEnough: () => boolean = () => true,
  ): Promise<number> {
    const startMs = performance.now();
    const before = this.stats().accepted;
    for (
      let offered = 0, elapsedMs = 0;
      elapsedMs < forMs || (elapsedMs < TRACK_MS_MAX && !isEnough());
      elapsedMs = performance.now() - startMs
    ) {
      if (perSecond === Number.POSITIVE_INFINITY) this.#fillUp();
      else for (const due = (elapsedMs / 1000) * perSecond; offered < due; offered++) this.#trackOne();
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    return ((this.stats().accepted - before) / (performance.now() - startMs)) * 1000;
  }

  /** Resolves when all that was taken is durable, or after a time; gives how much is not. */
  async flush(timeoutMs: number): Promise<number> {
    const flushed = await Promise.all(this.#clients.map((client) => client.flush({ timeoutMs })));
    return flushed.reduce((sum, { pending }) => sum + pending, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close({ timeoutMs: 0 })));
  }

  #fillUp(): void {
    for (const client of this.#clients) {
      const { queued, inFlight } = client.stats();
      for (let room = BUFFERED_EVENTS_MAX - queued - inFlight; room > 0; room--) this.#trackBy(client);
    }
  }

  #trackOne(): void {
    this.#trackBy(this.#clients[this.#turn++ % this.#clients.length]!);
  }

  #trackBy(client: Millrace): void {
    const nowMs = Date.now();
    const amount = (this.#sent % 1000) + 1;
    const properties = { producer: this.name, amount, filler: FILLERS[this.#sent % FILLERS.length]! };
    if (!client.track("tick", properties, { time: new Date(nowMs) })) return;
    this.#sent++;
    const minute = nowMs - (nowMs % MINUTE_MS);
    const total = this.minutes.get(minute) ?? { count: 0, sum: 0n };
    const millionths = BigInt(amount) * 1_000_000n;
    this.minutes.set(minute, { count: total.count + 1, sum: total.sum + millionths });
    this.sum += millionths;
  }
}
