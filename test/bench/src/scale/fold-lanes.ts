import { eraMinutes, tierOf } from "@millrace/cell-store/cassandra";
import { type EventSection, type LogRecord, writeSections } from "@millrace/event-log";
import { PROCESSING_VERSION } from "@millrace/processing";
import { foldedParts } from "@millrace/processing/bench";
import { applyDelta, Block, type DeltaPart } from "@millrace/rollup";
import { pageView } from "../web-events.ts";
import { webSnapshot } from "../web-project.ts";

const EVENTS_PER_RECORD = 500;

/** What a project sends to one partition of the log. */
export type Lane = {
  readonly projectId: string;
  /** When its events happen, in epoch milliseconds, in order. */
  readonly times: readonly number[];
};

/** A partition of Cassandra that holds blocks of one lane. */
export type StoredPartition = { readonly tier: string; readonly rows: number; readonly bytes: number };

/**
 * Folds page views by the real code, and says which partitions of Cassandra their blocks make, all lanes' together. A lane's
 * events are in memory at a time, with its blocks.
 *
 * @param onBlock told of each block in its final state
 */
export async function foldLanes(
  lanes: readonly Lane[],
  random: () => number,
  onBlock: (tier: string, blob: Uint8Array) => void = () => {},
): Promise<StoredPartition[]> {
  const laneOf: number[] = [];
  const records: LogRecord[] = [];
  for (const [at, lane] of lanes.entries()) {
    for (const record of recordsOf(lane, random)) {
      records.push({ ...record, offset: records.length });
      laneOf.push(at);
    }
  }
  const blocks = new Map<string, { readonly partition: string; readonly tier: string; readonly block: Block }>();
  for await (const { offset, appendTimeMs, parts } of foldedParts(records, webSnapshot())) {
    for (const part of parts) {
      const name = `${laneOf[offset]} ${part.family.id} ${part.granularity} ${part.slot} ${part.bucket}`;
      const stored = blocks.get(name) ?? { ...placeOf(laneOf[offset]!, part), block: Block.empty(part.family.schema) };
      blocks.set(name, stored);
      applyDelta(stored.block, [part], offset, appendTimeMs);
    }
  }
  const found = new Map<string, { tier: string; rows: number; bytes: number }>();
  for (const { partition: name, tier, block } of blocks.values()) {
    const partition = found.get(name) ?? { tier, rows: 0, bytes: 0 };
    found.set(name, partition);
    const blob = block.encode();
    partition.rows++;
    partition.bytes += blob.length;
    onBlock(tier, blob);
  }
  return [...found.values()];
}

/** The partition's key of `schema.ts`, a lane standing for project and source. */
function placeOf(lane: number, { family, granularity, bucket, slot }: DeltaPart) {
  const tier = tierOf(granularity);
  return { tier, partition: [lane, family.id, granularity, Math.floor(bucket / eraMinutes(tier)), slot].join(" ") };
}

/** A lane's records, as ingest packs those of a busy project. */
export function recordsOf({ projectId, times }: Lane, random: () => number): Omit<LogRecord, "offset">[] {
  const stamps = { revision: 1, processingVersion: PROCESSING_VERSION, imported: false, userAgent: "" };
  const records: Omit<LogRecord, "offset">[] = [];
  for (let from = 0; from < times.length; from += EVENTS_PER_RECORD) {
    const some = times.slice(from, from + EVENTS_PER_RECORD).map(Math.floor);
    const receivedAtMs = some.at(-1)!;
    const events = some.map((timeMs, i) => {
      const bytes = pageView(from + i, timeMs, random);
      return { timeMs, claimTimeMs: timeMs, late: false, assignedId: "", bytes };
    });
    const section: EventSection = { projectId, receivedAtMs, ...stamps, events };
    records.push({ appendTimeMs: receivedAtMs, value: writeSections([section]) });
  }
  return records;
}
