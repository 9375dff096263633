import { encodeTailMessage, Sample, type ToldEvent } from "@millrace/tail";
import type { StagedBatch, StagedRecord, StagedSection } from "../fold/staged-batch.ts";
import { TokenBucket } from "./token-bucket.ts";
import { stampsOf } from "./told-event.ts";

/** What is told of one project and partition, in bytes: a second, and in one message. */
const BYTES_PER_SECOND = 256 * 1024;
const MESSAGE_LIMITS = { itemsMax: 1_000, bytesMax: 128 * 1024 };

/** Messages are at least this far apart. */
const BETWEEN_MS = 100;

/** What an event takes beside its bytes, roughly. */
const EVENT_BYTES = 200;

/** What telling needs. */
export type TellDeps = {
  readonly clock: { now(): number };
  readonly random: () => number;
  /** Bytes that this process may tell. */
  readonly budget: TokenBucket;
  /** Sends a message. Never fails. */
  readonly publish: (message: Uint8Array) => Promise<void>;
};

/** Tells the events of one project in one partition, while it is tailed: all of them, or a sample and their number. */
export class TailedPartition {
  readonly #source: string;
  readonly #epoch: string;
  readonly #deps: TellDeps;
  readonly #sample: Sample<ToldEvent>;
  readonly #bucket: TokenBucket;
  #sequence = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #publishing = false;

  constructor(source: string, epoch: string, deps: TellDeps) {
    this.#source = source;
    this.#epoch = epoch;
    this.#deps = deps;
    this.#sample = new Sample(MESSAGE_LIMITS, deps.random);
    this.#bucket = new TokenBucket(BYTES_PER_SECOND, deps.clock.now());
  }

  /** Takes note of the events of a folded section. */
  note(batch: StagedBatch, record: StagedRecord, section: StagedSection): void {
    for (let place = section.first; place < section.first + section.count; place++) {
      if (!this.#sample.wants()) continue;
      const bytes = Buffer.from(section.buffer.subarray(batch.ranges[2 * place]!, batch.ranges[2 * place + 1]!));
      this.#sample.put({ ...stampsOf(batch, record, section, place), bytes }, bytes.length + EVENT_BYTES);
    }
  }

  /** Tells what was noted, now or as soon as it may. */
  tell(): void {
    if (this.#timer !== undefined || this.#publishing || this.#sample.isEmpty) return;
    const waitMs = this.#toldMs + BETWEEN_MS - this.#deps.clock.now();
    if (waitMs <= 0) this.#tellNow();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#tellNow();
      }, waitMs);
    }
  }

  /** Tells no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tellNow(): void {
    const { clock, budget, publish } = this.#deps;
    const now = clock.now();
    const bytesMax = Math.max(0, Math.min(this.#bucket.left(now), budget.left(now)));
    const { items: events, skipped } = this.#sample.take({ bytesMax });
    const bytes = events.reduce((sum, event) => sum + event.bytes.length + EVENT_BYTES, 0);
    this.#bucket.take(bytes);
    budget.take(bytes);
    this.#toldMs = now;
    const sequence = this.#sequence++;
    this.#publishing = true;
    // One at a time: while the cache does not take a message, what comes is sampled into the next.
    void publish(encodeTailMessage({ source: this.#source, epoch: this.#epoch, sequence, events, skipped })).then(
      () => {
        this.#publishing = false;
        this.tell();
      },
    );
  }
}
