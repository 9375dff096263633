import { setTimeout as pause } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { EventInit, SentTicks, Total } from "@millrace/harness/load";
import type { Mesh } from "@millrace/harness/mesh";

const CALLERS = 4;
const EVENTS_A_BATCH = 20;
const BETWEEN_BATCHES_MS = 20;
const AGAIN_AFTER_MS = 200;
const MINUTE_MS = 60_000;
const MILLION = 1_000_000;

/** How long acknowledgements took, in milliseconds. */
export type Waits = { readonly count: number; readonly p50: number; readonly p99: number; readonly most: number };

/**
 * Callers that send small batches to one process of ingest, each the next one a moment after it has the answer to the last,
 * and how long each answer took. What fails is noted, and sent again.
 */
export class SteadySender implements SentTicks {
  readonly name = "steady";
  readonly minutes = new Map<number, Total>();
  sum = 0n;
  /** What went wrong with calls, each in a few words. */
  readonly failures: string[] = [];
  readonly #client: Client<typeof IngestService>;
  readonly #runs: Promise<unknown>;
  #waits: number[] = [];
  #sent = 0;
  #acknowledged = 0;
  #resent = 0;
  #isOver = false;

  constructor(mesh: Mesh, process: string, key: string) {
    this.#client = mesh.clientOf(process, IngestService, key);
    this.#runs = Promise.all(Array.from({ length: CALLERS }, (_, caller) => this.#call(caller)));
  }

  get account() {
    return { acknowledged: this.#acknowledged, sent: this.#sent, resent: this.#resent };
  }

  /** How many answers there are since `takeWaits`. */
  get answers(): number {
    return this.#waits.length;
  }

  /** How long the answers since the last time took. */
  takeWaits(): Waits {
    const sorted = this.#waits.toSorted((a, b) => a - b);
    this.#waits = [];
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1) };
  }

  /** Sends no more; resolves when everything is acknowledged. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#runs;
  }

  async #call(caller: number): Promise<void> {
    for (let batch = 0; !this.#isOver; batch++) {
      await this.#send(this.#make(`${caller}-${batch}`));
      await pause(BETWEEN_BATCHES_MS);
    }
  }

  async #send(events: EventInit[]): Promise<void> {
    for (;;) {
      const startMs = performance.now();
      try {
        const { acceptedCount, duplicateCount } = await this.#client.send({ events });
        this.#waits.push(performance.now() - startMs);
        if (acceptedCount + duplicateCount !== events.length) throw new Error("not all events were taken");
        this.#acknowledged += events.length;
        return;
      } catch (thrown) {
        const { code, rawMessage } = ConnectError.from(thrown);
        this.failures.push(`${Code[code]} after ${(performance.now() - startMs).toFixed(0)} ms: ${rawMessage}`);
        this.#resent += events.length;
        await pause(AGAIN_AFTER_MS);
      }
    }
  }

  #make(batch: string): EventInit[] {
    const nowMs = Date.now();
    const minute = nowMs - (nowMs % MINUTE_MS);
    const total = this.minutes.get(minute) ?? { count: 0, sum: 0n };
    this.minutes.set(minute, total);
    return Array.from({ length: EVENTS_A_BATCH }, (_, i): EventInit => {
      const amount = Math.floor((Math.random() - 0.3) * 1e9);
      this.#sent++;
      this.sum += BigInt(amount);
      total.count++;
      total.sum += BigInt(amount);
      return {
        name: "tick",
        userId: `u${i}`,
        eventId: `${this.name}-${batch}-${i}`,
        time: timestampFromMs(nowMs),
        properties: { producer: this.name, amount: amount / MILLION },
      };
    });
  }
}
