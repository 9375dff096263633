/** P5: however many projects and tuples there are, memory for blocks stays near its budget, and no byte differs for it. */
import type { CellStore } from "@millrace/cell-store";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { recordedMeter } from "@millrace/telemetry/testing";
import type { Meter } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";
import { altered, definitionsOf, openTestBed, pageView, randomFrom, section, storedBlocks, WEB } from "./test-bed.ts";

const NOW = Date.now();
const MINUTE = 60_000;
const TUPLES = 50_000;
const projects = Array.from({ length: 30 }, (_, i) => definitionsOf(`p${i}`, WEB));

type Bed = Awaited<ReturnType<typeof openTestBed>>;

/** Appends records of several projects each; most tuples are seen once or twice. */
async function appendTuples(bed: Bed, records: number): Promise<void> {
  const random = randomFrom(5);
  for (let record = 0; record < records; record++) {
    const sections = Array.from({ length: 3 }, () => {
      const { projectId } = projects[Math.floor(random() * projects.length)]!;
      const events = Array.from({ length: TUPLES / records / 3 }, (_, i) =>
        pageView(`${record}-${i}`, `/${Math.floor(random() * TUPLES)}`, NOW - Math.floor(random() * 8) * MINUTE),
      );
      return section(projectId, NOW, events);
    });
    await bed.append(sections);
  }
}

/** Folds the whole log from its beginning into a store, as a group of its own, and drains. */
async function foldAll(bed: Bed, group: string, cellStore: CellStore, blockBytesMax: number, meter: Meter) {
  await bed.foldAs(group, { cellStore, blockBytesMax, meter, flushIntervalScale: 0.05 });
}

/** A meter that tells what memory blocks hold, whenever it is asked. */
function memoryMeter() {
  const { meter, values } = recordedMeter();
  return { meter, usedBytes: () => values()["millrace.processing.block.memory.usage"] ?? 0 };
}

it("folds 50,000 tuples of 30 projects within 2 MiB, to the same bytes as with plenty", async () => {
  const bed = await openTestBed({ definitions: projects });
  onTestFinished(() => bed.close());
  await appendTuples(bed, 50);
  const ample = memoryMeter();
  let mostAmple = 0;
  const roomy = altered(bed.cellStore, {
    writeBlocks: async (blocks, options) => {
      mostAmple = Math.max(mostAmple, ample.usedBytes());
      await bed.cellStore.writeBlocks(blocks, options);
    },
  });
  await foldAll(bed, "plenty", roomy, 512 * 1024 * 1024, ample.meter);

  const tight = await openEmbeddedCellStore({ directory: ":memory:" });
  onTestFinished(() => tight.close());
  const memory = memoryMeter();
  let most = 0;
  let readAgain = 0;
  const observed = altered(tight, {
    readBlocks: async (keys, options) => {
      const found = await tight.readBlocks(keys, options);
      readAgain += found.filter((block) => block !== undefined).length;
      return found;
    },
    writeBlocks: async (blocks, options) => {
      most = Math.max(most, memory.usedBytes());
      await tight.writeBlocks(blocks, options);
    },
  });
  const limit = 2 * 1024 * 1024;
  await foldAll(bed, "tight", observed, limit, memory.meter);
  for (const definitions of projects) {
    expect(await storedBlocks(tight, definitions)).toEqual(await storedBlocks(bed.cellStore, definitions));
  }
  // Blocks were evicted and read again. What one batch adds comes on top of the limit.
  expect(readAgain).toBeGreaterThan(100);
  expect(most).toBeGreaterThan(limit);
  expect(most).toBeLessThan(3 * limit);
  expect(mostAmple).toBeGreaterThan(10 * limit);
  expect(memory.usedBytes()).toBe(0);
}, 60_000);
