import type { ClaimBatch, ClaimStore } from "@millrace/cache";
import { EventBatchReader, type LogRecord } from "@millrace/event-log";
import type { Snapshot } from "@millrace/snapshot";
import { createNoopMeter } from "@opentelemetry/api";
import { BlockTable } from "./blocks/block-table.ts";
import { MemoryBudget } from "./blocks/memory-budget.ts";
import { EventDecoder, emptyEvent } from "./decode/event-decoder.ts";
import { Plans } from "./fold/plans.ts";
import { type FoldedPart, RecordFolder } from "./fold/record-folder.ts";
import { Tally } from "./fold/tally.ts";
import { Tails } from "./tail/tails.ts";

/** What {@link measureFold} found, in events a second of one core. */
export type FoldFigures = {
  /** Reading records and decoding their events. */
  readonly decode: number;
  /** Decoding, claiming from a store that always says yes, and folding into deltas. */
  readonly deltas: number;
  /** All of it, the deltas merged into blocks of all tiers. */
  readonly blocks: number;
};

/** Events that are folded at once: as the partition does it with plenty of memory. */
const PORTION_EVENTS = 16_384;

/** Folds records into blocks in memory, once each, without a log, claims or a store. */
export async function measureFold(records: readonly LogRecord[], snapshot: Snapshot): Promise<FoldFigures> {
  let events = 0;
  const decode = await timed(() => {
    events = decodeAll(records);
  });
  const deltas = await timed(() => foldAll(records, snapshot, undefined));
  const table = new BlockTable("1:0", new Map(), new MemoryBudget(2 ** 30));
  const blocks = await timed(() => foldAll(records, snapshot, table));
  return { decode: events / decode, deltas: events / deltas, blocks: events / blocks };
}

/** Folds records as a partition does, without a log, claims or a store: what they add to blocks, record after record. */
export async function* foldedParts(records: readonly LogRecord[], snapshot: Snapshot): AsyncGenerator<FoldedPart> {
  const folder = unclaimedFolder(snapshot);
  const { signal } = new AbortController();
  for (let from = 0; from < records.length; ) {
    const folded = await folder.fold(records.slice(from), PORTION_EVENTS, signal);
    from += folded.records;
    yield* folded.parts;
  }
}

/** Seconds of this thread's processor time: what others do on the machine bears on them less than on a clock. */
async function timed(work: () => Promise<void> | void): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6;
}

function decodeAll(records: readonly LogRecord[]): number {
  const decoder = new EventDecoder();
  const event = emptyEvent();
  let events = 0;
  for (const record of records) {
    const reader = new EventBatchReader(record.value);
    while (reader.nextSection()) {
      while (reader.nextEvent()) {
        decoder.decode(reader.buffer, reader.from, reader.to, event);
        events++;
      }
    }
  }
  return events;
}

async function foldAll(
  records: readonly LogRecord[],
  snapshot: Snapshot,
  table: BlockTable | undefined,
): Promise<void> {
  for await (const { projectId, offset, appendTimeMs, parts } of foldedParts(records, snapshot)) {
    table?.add(projectId, offset, appendTimeMs, parts);
  }
}

function unclaimedFolder(snapshot: Snapshot): RecordFolder {
  return new RecordFolder({
    generation: 1,
    partition: 0,
    plans: new Plans(snapshot, 1_000),
    claims: generousClaims(),
    deadLetters: { put: async () => {} },
    tally: new Tally(createNoopMeter()),
    clock: Date,
    claimsExpire: false,
    stalled: () => {},
    tails: untailed(),
  });
}

/** Tails that nobody asks for. */
function untailed(): Tails {
  const cache = { publish: async () => {}, subscribe: () => Promise.reject(new Error("nobody asks")) };
  return new Tails({ cache, clock: Date, meter: createNoopMeter(), log: { warn: () => {} } });
}

/** Claims that belong to whoever asks. */
function generousClaims(): ClaimStore {
  return {
    claim: async (batch: ClaimBatch) => Uint8Array.from(batch.positions),
    lookup: async ({ count }) => new Uint8Array(count * 12),
    release: async () => {},
    expire: async () => 0,
    ready: async () => {},
    close: async () => {},
  };
}
