import type { Query } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { BlockKey } from "@millrace/cell-store";
import { tierOf, widthMinutes } from "@millrace/rollup";
import { type Answer, type AnswerDeps, answerQuery } from "../query/answer.ts";
import { resolveRange } from "../query/time-range.ts";
import { readWatermarks } from "../query/watermarks.ts";

/** What watching needs. */
export type WatchedDeps = AnswerDeps & { readonly clock: { now(): number } };

/** A question is answered again at most this often, and so that at least half of the time is left for others. */
const PACE_MS = 150;
const PACE_COSTS = 2;

/**
 * The watermark moves on at least this often, if answering is not too costly for that; and at the latest after the
 * longer time, since a message may have been lost: one slow answer must not hide a change for long.
 */
const REFRESH_MS = 2_000;
const REFRESH_COSTS = 20;
const REFRESH_MAX_MS = 5_000;

/**
 * The newest answer to a watched question. It is read from the store anew each time: what was stored twice, by a zombie
 * or in the wrong order can't be told from what was stored once. Messages only say that it is time to look.
 */
export class WatchedAnswer {
  readonly #projectId: string;
  readonly #query: Query;
  readonly #deps: WatchedDeps;
  #answer: Answer | undefined;
  #stale = true;
  #beganMs = 0;
  #costMs = 0;

  constructor(projectId: string, query: Query, deps: WatchedDeps) {
    this.#projectId = projectId;
    this.#query = query;
    this.#deps = deps;
  }

  /** For how long the question should not be answered again yet, in milliseconds. */
  get restMs(): number {
    return Math.max(0, this.#beganMs + Math.max(PACE_MS, PACE_COSTS * this.#costMs) - performance.now());
  }

  /** Whether there is reason to answer again. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Makes the answer stale if a block that was stored can be part of it. Gives whether it did. */
  blockStored(key: BlockKey): boolean {
    if (this.#answer !== undefined && !concerns(this.#answer, key)) return false;
    this.#stale = true;
    return true;
  }

  /** Makes the answer stale, since something may have been missed. */
  missed(): void {
    this.#stale = true;
  }

  /**
   * Makes the answer stale when time has moved a relative range on, when nobody says what is stored (`heard` is false)
   * and something was, or when its watermark is no longer fresh.
   */
  async look(heard: boolean, signal: AbortSignal): Promise<void> {
    const answer = this.#answer;
    if (answer === undefined || this.#stale) return;
    if (this.#hasMovedOn(answer)) {
      this.#stale = true;
      return;
    }
    const age = performance.now() - this.#beganMs;
    const isOld = age >= Math.min(REFRESH_MAX_MS, Math.max(REFRESH_MS, REFRESH_COSTS * this.#costMs));
    if (heard && !isOld) return;
    const watermarks = await readWatermarks(this.#deps.store, signal);
    const hasStored = watermarks.position !== answer.watermarks.position;
    const hasTicked = [...answer.tiers].some((tier) => watermarks.timeMs[tier] !== answer.watermarks.timeMs[tier]);
    if (hasStored || (isOld && hasTicked)) this.#stale = true;
  }

  /** Answers again. */
  async refresh(signal: AbortSignal): Promise<Answer> {
    // What is stored from here on makes it stale again.
    this.#stale = false;
    this.#beganMs = performance.now();
    this.#answer = await answerQuery(this.#projectId, this.#query, this.#deps.clock.now(), signal, this.#deps);
    this.#costMs = performance.now() - this.#beganMs;
    return this.#answer;
  }

  /** What the last answer took, in milliseconds. */
  get costMs(): number {
    return this.#costMs;
  }

  #hasMovedOn({ resolved, zone }: Answer): boolean {
    if (this.#query.timeRange?.kind.case !== "relative") return false;
    const { range } = resolveRange(this.#query.timeRange, zone, this.#deps.clock.now());
    return range.start !== resolved.start || range.end !== resolved.end;
  }
}

function concerns({ families, tiers, ranges }: Answer, { family, granularity, bucket }: BlockKey): boolean {
  if (!families.has(family) || !tiers.has(tierOf(granularity))) return false;
  const from = bucket * 60_000;
  const to = from + widthMinutes(granularity) * 60_000;
  return ranges.some(({ start, end }) => from < end && to > start);
}
