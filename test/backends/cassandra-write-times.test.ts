import type { CellStore, StoredBlock } from "@millrace/cell-store";
import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainClient, testCluster } from "./cassandra-address.ts";

/*
 * What the cell store builds on, asked of the server itself: that write times alone decide, whenever they are from. The
 * cases are those of ScyllaDB's test/cqlpy/test_synthetic_timestamps.py, as far as blocks meet them. Each table here
 * writes its memtable to a file every tenth of a second, and compacts two files at once.
 */
const cluster = await testCluster("write_times");
const client = await plainClient(cluster);
const table = `${cluster.keyspace}.blocks_1h`;
const ERAS = {
  "the clock": Date.now() * 1_000,
  "a counter from 1": 1,
  "two days ahead": (Date.now() + 2 * 86_400_000) * 1_000,
  "the end of safe integers": Number.MAX_SAFE_INTEGER - 100,
};
let store: CellStore;

beforeAll(async () => {
  await migrateCassandraCellStore(cluster);
  const compaction = "{'class': 'SizeTieredCompactionStrategy', 'min_threshold': 2}";
  await client.execute(`ALTER TABLE ${table} WITH memtable_flush_period_in_ms = 100 AND compaction = ${compaction}`);
  store = await openCassandraCellStore(cluster);
});

afterAll(async () => {
  await store?.close();
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
  await client.shutdown();
});

describe.each(Object.entries(ERAS))("write times from %s", (projectId, era) => {
  const keyOf = (slot: number) => ({
    projectId,
    family: "main@1",
    generation: 1,
    granularity: "1h",
    bucket: 600,
    slot,
    source: "1:0",
  });
  const blockOf = (slot: number, at: number, text: string): StoredBlock => ({
    key: keyOf(slot),
    wts: era + at,
    blob: new TextEncoder().encode(text),
  });
  const read = async (slot: number) => {
    const [block] = await store.readBlocks([keyOf(slot)]);
    return block && { at: block.wts - era, text: new TextDecoder().decode(block.blob) };
  };
  const laneOf = (slot: number) =>
    `project = '${projectId}' AND family = 'main@1' AND generation = 1 AND granularity = '1h' AND era = 1 AND slot = ${slot} AND source = '1:0'`;

  it("decide, not the order of arrival: in memory, over files, and after compaction", async () => {
    for (const at of [30, 10, 20]) {
      await store.writeBlocks([blockOf(0, at, `at ${at}`)]);
      expect(await read(0)).toEqual({ at: 30, text: "at 30" });
      await compacted(() => store.writeBlocks([blockOf(0, at, `at ${at}`)]));
      expect(await read(0)).toEqual({ at: 30, text: "at 30" });
    }
  });

  it("decide in a batch for each of its rows", async () => {
    await store.writeBlocks([blockOf(1, 20, "later")]);
    const other = { ...blockOf(1, 10, "other"), key: { ...keyOf(1), bucket: 660 } };
    await store.writeBlocks([blockOf(1, 10, "earlier"), other]);
    const read = () => store.readBlocks([keyOf(1), other.key]);
    expect((await read()).map((block) => (block?.wts ?? 0) - era)).toEqual([20, 10]);
    await compacted(() => store.writeBlocks([other]));
    expect((await read()).map((block) => (block?.wts ?? 0) - era)).toEqual([20, 10]);
  });

  it("end alike at a tie, whichever comes first", async () => {
    for (const [slot, texts] of [
      [2, ["abc", "abd"]],
      [3, ["abd", "abc"]],
    ] as const) {
      for (const text of texts) await compacted(() => store.writeBlocks([blockOf(slot, 5, text)]));
      expect(await read(slot)).toEqual({ at: 5, text: "abd" });
    }
  });

  it.each([
    ["row", " AND minute = 120"],
    ["partition", ""],
  ])("of a deleted %s hide what is not later, also when it comes afterwards", async (what, more) => {
    const slot = what === "row" ? 4 : 5;
    await store.writeBlocks([blockOf(slot, 1, "before")]);
    await client.execute(`DELETE FROM ${table} USING TIMESTAMP ${era + 10} WHERE ${laneOf(slot)}${more}`);
    expect(await read(slot)).toBeUndefined();
    await compacted(() => store.writeBlocks([blockOf(slot, 5, "older"), blockOf(slot, 10, "same")]));
    expect(await read(slot)).toBeUndefined();
    await compacted(() => store.writeBlocks([blockOf(slot, 11, "newer")]));
    expect(await read(slot)).toEqual({ at: 11, text: "newer" });
  });

  it("do not matter to expiry, which counts from the arrival; what has expired hides what is earlier", async () => {
    await store.writeBlocks([blockOf(6, 1, "before")]);
    const lane = `'${projectId}', 'main@1', 1, '1h', 1, 6, '1:0', 120, 0x61`;
    const columns = "project, family, generation, granularity, era, slot, source, minute, cells";
    await client.execute(`INSERT INTO ${table} (${columns}) VALUES (${lane}) USING TIMESTAMP ${era + 9} AND TTL 2`);
    expect(await read(6)).toEqual({ at: 9, text: "a" });
    await until("the block has expired", async () => (await read(6)) === undefined);
    await compacted(() => store.writeBlocks([blockOf(6, 5, "between")]));
    expect(await read(6)).toBeUndefined();
  });
});

describe("a condition", () => {
  it("is refused beside a write time: so that blocks are never written by lightweight transactions", async () => {
    const update = `UPDATE ${table} USING TIMESTAMP 5 SET cells = 0x61 WHERE project = 'p' AND family = 'f' AND generation = 1 AND granularity = '1h' AND era = 0 AND slot = 0 AND source = 's' AND minute = 0 IF cells = 0x62`;
    await expect(client.execute(update)).rejects.toThrow("custom timestamp");
  });
});

/** Writes until a file of the table has been compacted with what was written. */
async function compacted(write: () => Promise<void>): Promise<void> {
  const before = await compactions();
  await write();
  const isCompacted = async () => {
    if ((await compactions()) > before) return true;
    await write();
    return false;
  };
  await until("the files are compacted", isCompacted, { everyMs: 50 });
}

async function compactions(): Promise<number> {
  const rows = await client.execute("SELECT keyspace_name, columnfamily_name FROM system.compaction_history");
  return rows.rows.filter((row) => `${row.keyspace_name}.${row.columnfamily_name}` === table).length;
}
