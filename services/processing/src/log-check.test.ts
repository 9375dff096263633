/** A topic that was made anew, or lost records, is refused: under its offsets the blocks would skip what is new. */
import type { CellStore } from "@millrace/cell-store";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { Failure } from "@millrace/failure";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createProcessingApp } from "./app.ts";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  section,
  storedCounts,
  untilCommitted,
  WEB,
} from "./test-bed.ts";

const NOW = Date.now();
const HOUR = 3_600_000;
const site = definitionsOf("site", WEB);

type Bed = Awaited<ReturnType<typeof openTestBed>>;

/** A store that holds what some records were folded to. */
async function folded(records: number): Promise<Bed> {
  const bed = await openTestBed({ definitions: [site] });
  onTestFinished(() => bed.close());
  for (let i = 0; i < records; i++) await bed.append([section("site", NOW, [pageView(`id-${i}`, "/", NOW)])]);
  const app = await bed.start();
  await untilCommitted(bed, records);
  await app.drain();
  return bed;
}

/** Another log of the same name and generation, with some records. */
async function anotherLog(bed: Bed, records: number, clock: () => number) {
  const eventLog = await openEmbeddedEventLog({ directory: ":memory:", partitions: 1, clock });
  onTestFinished(() => eventLog.close());
  const other = await openTestBed({ definitions: [site], eventLog, cellStore: bed.cellStore, claims: bed.claims });
  onTestFinished(() => other.close());
  for (let i = 0; i < records; i++) {
    const { value } = await firstRecord(bed);
    await eventLog.append(0, value);
  }
  return { ...other, eventLog };
}

/** How processing fails on another store. */
async function startOn(bed: Bed, cellStore: CellStore): Promise<unknown> {
  const before = bed.failures.length;
  await bed.append([section("site", NOW, [pageView("more", "/", NOW)])]);
  const app = await bed.start({ cellStore });
  await vi.waitFor(() => expect(bed.failures.length).toBeGreaterThan(before), 10_000);
  await app.drain();
  return bed.failures.at(-1);
}

async function firstRecord(bed: Bed) {
  for await (const [record] of bed.eventLog.read(0, 0)) return record!;
  throw new Error("the log is empty");
}

describe("a partition", () => {
  it("is refused, and nothing of it folded, where the log ends before what its blocks hold", async () => {
    const bed = await folded(3);
    const other = await anotherLog(bed, 1, Date.now);
    const before = await storedCounts(bed.cellStore, site, "accounting", "1m");
    await other.start();
    await vi.waitFor(() => expect(other.failures).toHaveLength(1), 10_000);
    expect(other.failures[0]).toMatchObject({ kind: "outOfRange", reason: "DATA_CORRUPT" });
    expect(String(other.failures[0])).toContain("up to offset 3, and it ends at 1");
    expect(String(other.failures[0])).toContain("millrace migrate --new-generation");
    expect(await storedCounts(bed.cellStore, site, "accounting", "1m")).toEqual(before);
    expect(await other.eventLog.committed("millrace.processing", 0)).toBe(0);
  });

  it("is refused where the last record that its blocks hold is of a later time there", async () => {
    const bed = await folded(2);
    const other = await anotherLog(bed, 5, () => Date.now() + HOUR);
    await other.start();
    await vi.waitFor(() => expect(other.failures).toHaveLength(1), 10_000);
    expect(String(other.failures[0])).toContain("its record 1 was stored at");
    expect(await other.eventLog.committed("millrace.processing", 0)).toBe(0);
  });

  it("is refused where the store is behind what was committed: a backup was put back, and nothing is folded over the gap", async () => {
    const bed = await folded(3);
    const backup = await openEmbeddedCellStore({ directory: ":memory:" });
    onTestFinished(() => backup.close());
    const empty = await startOn(bed, backup);
    expect(empty).toMatchObject({ kind: "outOfRange", reason: "DATA_CORRUPT" });
    expect(String(empty)).toContain("committed up to offset 3, and the cell store holds nothing of it");
    for (const kind of ["watermark", "checkpoint"]) {
      const states = await bed.cellStore.readStates(kind);
      await backup.writeStates(
        states.map((state) => (kind === "watermark" ? state : { ...state, wts: state.wts - 1 })),
      );
    }
    const older = await startOn(bed, backup);
    expect(String(older)).toContain("holds it up to offset 2");
    expect(String(older)).toContain("millrace offsets rewind");
    expect(await storedCounts(backup, site, "accounting", "1m")).toEqual({});
    expect(await bed.eventLog.committed("millrace.processing", 0)).toBe(3);
  });

  it("is folded on where it is the same log, however often processors change", async () => {
    const bed = await folded(3);
    for (let round = 4; round < 7; round++) {
      await bed.append([section("site", NOW, [pageView(`id-${round}`, "/", NOW)])]);
      const app = await bed.start();
      await untilCommitted(bed, round);
      await app.drain();
    }
    expect(bed.failures).toEqual([]);
    expect(await storedCounts(bed.cellStore, site, "accounting", "1m")).toEqual({ folded: 6 });
  });

  it("waits for a store that is away when it begins", async () => {
    const bed = await folded(1);
    const away = new Failure("unavailable", "BACKEND_UNAVAILABLE", "the store is away");
    let isAway = true;
    const readStates = vi.fn((kind: string) => (isAway ? Promise.reject(away) : bed.cellStore.readStates(kind)));
    const cellStore = altered(bed.cellStore, { readStates });
    await bed.append([section("site", NOW, [pageView("late", "/", NOW)])]);
    const starting = bed.start({ cellStore });
    await vi.waitFor(() => expect(readStates.mock.calls.length).toBeGreaterThan(2), 10_000);
    isAway = false;
    const app = await starting;
    await untilCommitted(bed, 2);
    await app.drain();
    expect(bed.failures).toEqual([]);
  });

  it("is left to others by a drain while it waits to begin", async () => {
    const bed = await folded(1);
    const away = new Failure("unavailable", "BACKEND_UNAVAILABLE", "the store is away");
    const readStates = vi.fn(() => Promise.reject(away));
    const app = createProcessingApp({ ...bed, cellStore: altered(bed.cellStore, { readStates }) });
    const starting = app.start();
    await vi.waitFor(() => expect(readStates).toHaveBeenCalled(), 10_000);
    await app.drain();
    await starting;
    await app.drain();
    expect(bed.failures).toEqual([]);
    expect(await bed.eventLog.committed("millrace.processing", 0)).toBe(1);
  });

  it("goes to onFailure when the log no longer has what comes next", async () => {
    const bed = await folded(1);
    const gone = new Failure("outOfRange", "DATA_CORRUPT", "The records from offset 1 to 3 were removed.");
    const join: Bed["eventLog"]["join"] = async (_group, handler) => {
      handler.failed(gone, 0);
      return { leave: async () => {} };
    };
    await bed.start({ eventLog: altered(bed.eventLog, { join }) });
    expect(bed.failures).toEqual([gone]);
  });
});
