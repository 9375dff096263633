import type { Tier } from "@millrace/rollup";
import type { SpanContext, Tracer } from "@opentelemetry/api";
import type { ProcessingMetrics } from "../metrics.ts";
import type { InFlight } from "../status/in-flight.ts";
import { FlushSpans } from "./flush-spans.ts";
import type { Housekeeping } from "./housekeeping.ts";
import { flushTier, type TierFlushDeps } from "./tier-flush.ts";
import type { TierProgress } from "./tier-progress.ts";

/** What flushing a tier needs. */
export type TierFlusherDeps = TierFlushDeps & {
  readonly partition: number;
  /** Done after each flush. */
  readonly housekeeping: Housekeeping;
  readonly clock: { now(): number };
  readonly metrics: ProcessingMetrics;
  /** Where spans go; the process's own unless given. */
  readonly tracer?: Tracer;
  /** Aborted when the partition is not ours any more: nothing is flushed then. */
  readonly stopped: AbortSignal;
  /** Told when a scheduled flush has failed. */
  readonly failed: (error: unknown) => void;
};

/** Flushes one tier of a partition, one flush at a time: when it is due, and when it is asked to. */
export class TierFlusher {
  readonly #deps: TierFlusherDeps;
  readonly #tier: Tier;
  readonly #progress: TierProgress;
  readonly #inFlight: InFlight | undefined;
  readonly #spans: FlushSpans;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  /** @param inFlight what the flushes make visible; for the finest tier alone */
  constructor(progress: TierProgress, deps: TierFlusherDeps, inFlight?: InFlight) {
    this.#deps = deps;
    this.#tier = progress.tier;
    this.#progress = progress;
    this.#inFlight = inFlight;
    this.#spans = new FlushSpans(deps.partition, progress.tier, deps.tracer);
  }

  /** Has the next flush told in the traces of what was folded. */
  causedBy(causes: readonly SpanContext[]): void {
    this.#spans.add(causes);
  }

  /** Flushes when the tier is due, if something waits to be stored. */
  schedule(): void {
    if (this.#progress.isFlushing || this.#timer !== undefined || !this.#isWaiting) return;
    if (this.#deps.stopped.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush().catch(this.#deps.failed);
    }, this.#progress.waitMs(performance.now()));
  }

  /** Flushes at once, or after the flush that is under way. */
  flush(): Promise<void> {
    this.#running = this.#running.then(() => this.#flush());
    return this.#running;
  }

  /** Forgets the flush that is scheduled. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #isWaiting(): boolean {
    return this.#deps.table.dirtyCount(this.#tier) > 0;
  }

  async #flush(): Promise<void> {
    const { stopped, metrics, clock, housekeeping } = this.#deps;
    if (stopped.aborted || !this.#isWaiting) return;
    const beganMs = performance.now();
    this.#progress.began(beganMs);
    this.#inFlight?.flushBegan();
    const flushed = await this.#spans.during(() => flushTier(this.#tier, this.#deps, stopped));
    metrics.flushed(this.#tier, flushed, (performance.now() - beganMs) / 1000);
    const nowMs = clock.now();
    for (const receivedAtMs of this.#inFlight?.flushEnded() ?? []) metrics.visible(receivedAtMs, nowMs);
    this.#progress.ended(performance.now());
    this.schedule();
    await housekeeping.keep();
  }
}
