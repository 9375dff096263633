import type { BlockWrite } from "@millrace/cell-store";
import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { plainClient, testCluster } from "./cassandra-address.ts";

const DAY = 1_440;
const DAY_SECONDS = 86_400;
const cluster = await testCluster("expiry");
const client = await plainClient(cluster);

beforeAll(async () => {
  await migrateCassandraCellStore(cluster);
});

afterAll(async () => {
  await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
  await client.shutdown();
});

describe("blocks in Cassandra", () => {
  it("stay as many days as their write says, each project's its own, and for ever where it says nothing", async () => {
    const store = await open();
    const ninety = write("ninety", { keepMinutes: 104 * DAY });
    await store.writeBlocks([write("seven", { keepMinutes: 21 * DAY }), ninety, write("ever", {})]);
    expect(await daysLeft("seven")).toBe(21);
    expect(await daysLeft("ninety")).toBe(104);
    expect(await daysLeft("ever")).toBe(Number.POSITIVE_INFINITY);
  });

  it("stay as long as the state that stays says, not as the last one that came", async () => {
    const store = await open();
    await store.writeBlocks([write("later", { wts: 9, keepMinutes: 104 * DAY })]);
    await store.writeBlocks([write("later", { wts: 8, keepMinutes: 21 * DAY })]);
    expect(await daysLeft("later")).toBe(104);
    await store.writeBlocks([write("later", { wts: 10, keepMinutes: 21 * DAY })]);
    expect(await daysLeft("later")).toBe(21);
  });

  it("stay longest where one state is written twice, whichever write comes last", async () => {
    const store = await open();
    for (const days of [21, 104, 21]) await store.writeBlocks([write("tie", { wts: 9, keepMinutes: days * DAY })]);
    expect(await daysLeft("tie")).toBe(104);
  });

  it("are found by a scan for as long, also where another source keeps the same time for less long", async () => {
    const [one, other] = [await open(), await open()];
    await one.writeBlocks([write("found", { source: "1:0", keepMinutes: 104 * DAY })]);
    await other.writeBlocks([write("found", { source: "1:0", wts: 8, keepMinutes: 21 * DAY })]);
    await other.writeBlocks([write("found", { source: "1:1", keepMinutes: 21 * DAY })]);
    const rows = await client.execute(
      `SELECT kept FROM ${cluster.keyspace}.eras WHERE project = 'found' AND family = 'main@1' AND generation = 1 AND granularity = '1m'`,
    );
    expect(rows.rows.map(({ kept }) => Number(kept) / DAY_SECONDS)).toEqual([21, 104]);
    // As it is when the rows that are kept for less long have gone.
    await client.execute(
      `DELETE FROM ${cluster.keyspace}.eras WHERE project = 'found' AND family = 'main@1' AND generation = 1 AND granularity = '1m' AND era = 10 AND kept = ${21 * DAY_SECONDS}`,
    );
    const found: string[] = [];
    const series = { projectId: "found", family: "main@1", generation: 1, granularity: "1m" };
    for await (const blocks of one.scan({ ...series, fromBucket: 0, toBucket: 1_000 })) {
      found.push(...blocks.map(({ key }) => key.source));
    }
    expect(found.toSorted()).toEqual(["1:0", "1:1"]);
  });

  it("are kept for ever, and not refused, where they would end later than Cassandra can count", async () => {
    const store = await open(Date.UTC(2029, 0, 1));
    await store.writeBlocks([write("far", { keepMinutes: 3_674 * DAY }), write("near", { keepMinutes: 3_000 * DAY })]);
    expect(await daysLeft("far")).toBe(Number.POSITIVE_INFINITY);
    expect(await daysLeft("near")).toBe(3_000);
  });
});

function write(projectId: string, { wts = 9, source = "1:0", keepMinutes }: Partial<BlockWrite> & { source?: string }) {
  const key = { projectId, family: "main@1", generation: 1, granularity: "1m", bucket: 80, slot: 0, source };
  return { key, wts, blob: new Uint8Array([1]), keepMinutes };
}

async function open(nowMs?: number) {
  const clock = nowMs === undefined ? Date : { now: () => nowMs };
  const store = await openCassandraCellStore({ ...cluster, clock });
  onTestFinished(() => store.close());
  return store;
}

async function daysLeft(project: string): Promise<number> {
  const lane = `project = '${project}' AND family = 'main@1' AND generation = 1 AND granularity = '1m' AND era = 10`;
  const rows = await client.execute(
    `SELECT TTL(cells) AS ttl FROM ${cluster.keyspace}.blocks_1m WHERE ${lane} AND slot = 0 AND source = '1:0'`,
  );
  const ttl = rows.first()?.ttl;
  return ttl === null || ttl === undefined ? Number.POSITIVE_INFINITY : Math.ceil(Number(ttl) / DAY_SECONDS);
}
