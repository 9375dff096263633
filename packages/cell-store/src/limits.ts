import { Failure } from "@millrace/failure";
import type { BlockKey, BlockRange, BlockWrite, SeriesKey, StoredState } from "./cell-store.ts";

/** The largest blob of a block, in bytes, inclusive. */
export const MAX_BLOB_BYTES = 2 * 1024 * 1024;
/** The largest value of a state, in bytes, inclusive. */
export const MAX_STATE_BYTES = 64 * 1024;

const MAX_NAME_CHARS = 256;
// Minutes since the epoch stay below this for eight thousand years, and a backend may pack them with something else.
const MAX_BUCKET = 2 ** 32;
const MAX_SLOT = 65_535;
// Twenty years, which is what Cassandra can count.
const MAX_KEEP_MINUTES = 20 * 365 * 1440;

/** Refuses with `invalid` what no backend takes, before anything is written. */
export function checkBlocks(blocks: readonly BlockWrite[]): void {
  for (const { key, wts, blob, keepMinutes } of blocks) {
    checkKey(key);
    checkWts(wts);
    if (keepMinutes !== undefined) checkInteger("keep_minutes", keepMinutes, 1, MAX_KEEP_MINUTES);
    if (blob.byteLength > MAX_BLOB_BYTES) {
      throw invalid("blob", `has ${blob.byteLength} bytes; a block may have ${MAX_BLOB_BYTES}`, "MESSAGE_TOO_LARGE");
    }
  }
}

/** Refuses with `invalid` a state that no backend takes. */
export function checkStates(states: readonly StoredState[]): void {
  for (const { kind, source, name, wts, value } of states) {
    checkName("kind", kind);
    checkName("source", source);
    checkName("name", name);
    checkWts(wts);
    if (value.byteLength > MAX_STATE_BYTES) {
      throw invalid("value", `has ${value.byteLength} bytes; a state may have ${MAX_STATE_BYTES}`, "MESSAGE_TOO_LARGE");
    }
  }
}

/** Refuses with `invalid` a key that cannot name a block. */
export function checkKey(key: BlockKey): void {
  checkSeries(key);
  checkName("source", key.source);
  checkInteger("bucket", key.bucket, 0, MAX_BUCKET);
  checkInteger("slot", key.slot, 0, MAX_SLOT);
}

/** Refuses with `invalid` a range that cannot be read. An empty range is allowed. */
export function checkRange(range: BlockRange): void {
  checkSeries(range);
  checkInteger("from_bucket", range.fromBucket, 0, MAX_BUCKET);
  checkInteger("to_bucket", range.toBucket, 0, MAX_BUCKET);
  if (range.slots === undefined) return;
  if (range.slots.length > MAX_SLOT + 1) throw invalid("slots", `names ${range.slots.length} slots`);
  for (const slot of range.slots) checkInteger("slots", slot, 0, MAX_SLOT);
}

function checkSeries(key: SeriesKey): void {
  checkName("project_id", key.projectId);
  checkName("family", key.family);
  checkName("granularity", key.granularity);
  checkInteger("generation", key.generation, 1, Number.MAX_SAFE_INTEGER);
}

function checkName(field: string, value: string): void {
  if (value.length === 0 || value.length > MAX_NAME_CHARS) {
    throw invalid(field, `has ${value.length} characters; allowed are 1 to ${MAX_NAME_CHARS}`);
  }
}

function checkWts(wts: number): void {
  checkInteger("wts", wts, 0, Number.MAX_SAFE_INTEGER);
}

function checkInteger(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw invalid(field, `is ${value}; allowed are whole numbers from ${least} to ${most}`);
}

function invalid(field: string, problem: string, reason?: "MESSAGE_TOO_LARGE"): Failure {
  return Failure.invalidField(field, problem, reason);
}
