import type { Cell } from "../block/schema.ts";
import type { Outcome } from "../definitions/accounting.ts";
import type { FamilyPlan } from "../definitions/family-plan.ts";
import type { GranularityKey } from "../time/tiers.ts";

/** The cells of one family and minute: by the rollup's place in the family, by tuple, in order of first appearance. */
export type MinuteCells = readonly Map<string, Cell>[];

/** What a section of a record adds to one family, by epoch minute. */
export class FamilyDelta {
  readonly family: FamilyPlan;
  readonly minutes = new Map<number, MinuteCells>();
  #lastMinute = Number.NaN;
  #lastCells: MinuteCells = [];

  constructor(family: FamilyPlan) {
    this.family = family;
  }

  /** The cells of a minute, made when it is the first time. */
  at(minute: number): MinuteCells {
    if (minute === this.#lastMinute) return this.#lastCells;
    let cells = this.minutes.get(minute);
    if (cells === undefined) {
      cells = this.family.rollups.map(() => new Map());
      this.minutes.set(minute, cells);
    }
    this.#lastMinute = minute;
    this.#lastCells = cells;
    return cells;
  }
}

/**
 * What one section of a record adds, made by {@link Plan.fold}. It is never changed once its parts were taken, and its
 * size is bounded by the record's: at most one cell per event, rollup and family.
 */
export class Delta {
  /** When ingest received the section, in epoch milliseconds: what retentions are judged by. */
  readonly receivedAtMs: number;
  readonly families: readonly FamilyDelta[];
  /** The accounting's cells by outcome, once they are made. */
  readonly outcomes: Partial<Record<Outcome, Cell>> = {};

  constructor(families: readonly FamilyPlan[], receivedAtMs: number) {
    this.families = families.map((family) => new FamilyDelta(family));
    this.receivedAtMs = receivedAtMs;
  }
}

/** What a delta adds to one block. */
export type DeltaPart = {
  readonly family: FamilyPlan;
  readonly granularity: GranularityKey;
  /** The start of the bucket, in epoch minutes. */
  readonly bucket: number;
  readonly slot: number;
  /** For how many minutes from its start the bucket is kept; Infinity is for ever. */
  readonly retentionMinutes: number;
  /** The cells of each minute of the bucket. */
  readonly cells: readonly MinuteCells[];
};
