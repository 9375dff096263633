/**
 * Histories with crashes, zombies that go on writing and committing, and writes that fail, or time out though they were
 * applied. Whatever happens, the blocks are those of an undisturbed fold: every id counts once (P1, P2, P6).
 */
import { setTimeout as delay } from "node:timers/promises";
import type { CellStore, StoredBlock } from "@millrace/cell-store";
import type { GroupHandler, LogRecord, PartitionHandler } from "@millrace/event-log";
import { writeSections } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { expect, it } from "vitest";
import { createProcessingApp } from "./app.ts";
import { definitionsOf, openTestBed, pageView, randomFrom, section, storedCounts, WEB } from "./test-bed.ts";

const NOW = Date.now();
const site = definitionsOf("site", WEB);

/** Records with ids that repeat, and what an exact count of them gives by page. */
function makeLog(random: () => number, length: number) {
  const pages: Record<string, number> = {};
  const seen = new Set<string>();
  const records: LogRecord[] = [];
  for (let offset = 0; offset < length; offset++) {
    const events = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
      const id = `id-${Math.floor(random() * length * 2)}`;
      const page = `/${id.length % 3}`;
      if (!seen.has(id)) pages[page] = (pages[page] ?? 0) + 1;
      seen.add(id);
      // A retry repeats id and time.
      return pageView(id, page, NOW - (Number(id.slice(3)) % 7) * 60_000);
    });
    records.push({ offset, appendTimeMs: NOW + offset, value: writeSections([section("site", NOW, events)]) });
  }
  return { records, pages };
}

/** A store whose writes fail at random, some of them after they were applied, and some arrive late. */
function unreliable(store: CellStore, random: () => number, late: Promise<void>[]): CellStore {
  return {
    ...store,
    readBlocks: (keys) => store.readBlocks(keys),
    readStates: (kind) => store.readStates(kind),
    writeStates: (states) => store.writeStates(states),
    async writeBlocks(blocks: readonly StoredBlock[]) {
      const fate = random();
      if (fate < 0.15) throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the store is away");
      if (fate < 0.3) {
        late.push(delay(Math.floor(random() * 20)).then(() => store.writeBlocks(blocks)));
        throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "the store did not answer");
      }
      await store.writeBlocks(fate < 0.5 ? blocks.slice(0, Math.ceil(blocks.length / 2)) : []);
      await store.writeBlocks(blocks);
    },
  };
}

/** One partition, shared by processors that may each believe that they own it. */
class Arena {
  committed = 0;
  readonly records: readonly LogRecord[];
  readonly generation = 1;

  constructor(records: readonly LogRecord[]) {
    this.records = records;
  }

  /** What the partition holds. */
  reader() {
    const { records } = this;
    return {
      bounds: async () => ({ first: 0, end: records.length }),
      read: async function* (_partition: number, from: number) {
        yield records.slice(from);
      },
    };
  }

  /** A consumer that hands the records to its only member until it is told to crash. */
  consumer(): {
    join: (group: string, handler: GroupHandler) => Promise<{ leave(): Promise<void> }>;
    crash(): void;
    reached: Promise<void>;
  } {
    const lost = new AbortController();
    const { promise: reached, resolve, reject } = Promise.withResolvers<void>();
    let handler: PartitionHandler;
    const feed = async (from: number) => {
      for (const record of this.records.slice(from)) {
        if (lost.signal.aborted) break;
        await handler.records([record]);
        await delay(0);
      }
    };
    return {
      reached,
      crash: () => lost.abort(new Error("crashed")),
      join: async (_group, group) => {
        const startOffset = this.committed;
        handler = await group.assigned({
          partition: 0,
          lost: lost.signal,
          startOffset,
          endOffset: () => this.records.length,
          // A zombie's commit is not refused by every broker, and may even move the offset back.
          commit: async (offset) => {
            this.committed = offset;
          },
        });
        feed(startOffset).then(resolve, (error) => (lost.signal.aborted ? resolve() : reject(error)));
        return { leave: () => handler.revoke() };
      },
    };
  }
}

async function history(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const { records, pages } = makeLog(random, 30);
  const bed = await openTestBed({ definitions: [site] });
  const late: Promise<void>[] = [];
  const arena = new Arena(records);
  const cellStore = unreliable(bed.cellStore, random, late);
  const running: ReturnType<Arena["consumer"]>[] = [];
  const start = async () => {
    const consumer = arena.consumer();
    const log = { generation: 1, join: consumer.join, ...arena.reader() };
    const eventLog = Object.assign(Object.create(bed.eventLog), log);
    const app = createProcessingApp({ ...bed, eventLog, cellStore, flushIntervalScale: random() * 0.002 });
    await app.start();
    running.push(consumer);
    return { app, consumer };
  };
  for (let i = 0; i < 4; i++) {
    await start();
    await delay(Math.floor(random() * 25));
    // Crash it, or let it go on as a zombie beside the next one.
    if (random() < 0.6) running.at(-1)!.crash();
  }
  const last = await start();
  await last.consumer.reached;
  await last.app.drain();
  for (const consumer of running) consumer.crash();
  await Promise.all(late);
  for (const tier of ["1m", "15m", "1h", "1d+0"]) {
    expect(await storedCounts(bed.cellStore, site, "pages", tier), `seed ${seed}, tier ${tier}`).toEqual(pages);
  }
  expect(arena.committed, `seed ${seed}`).toBeLessThanOrEqual(records.length);
  await bed.close();
}

it("counts every id once, whatever crashes, and whichever writes fail or arrive late", {
  timeout: 60_000,
}, async () => {
  const seeds = Array.from({ length: 24 }, (_, i) => i + 1);
  for (let i = 0; i < seeds.length; i += 6) await Promise.all(seeds.slice(i, i + 6).map(history));
});
