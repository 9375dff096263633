import { zstdCompressSync } from "node:zlib";
import { FLUSH_INTERVAL_MS, TIERS } from "@millrace/rollup";
import type { Bench, Figure } from "./bench.ts";
import { foldLanes, type Lane, recordsOf } from "./scale/fold-lanes.ts";
import { partitionShares, partitionsOf, projectAt, rulesOf, spreadFor, unevenness } from "./scale/partition-shares.ts";
import { queryFanOut } from "./scale/query-fan-out.ts";
import type { SizeCurve } from "./scale/size-curve.ts";
import { keptBytes, storeLoad } from "./scale/store-load.ts";
import { arrivals, zipfShares } from "./scale/zipf.ts";
import { randomFrom } from "./web-events.ts";

/** `chunk_length_in_kb` of its tables. */
const CASSANDRA_PIECE_BYTES = 16 * 1_024;
const PROJECTS = 100_000;
const MEBIBYTE = 2 ** 20;
const GIGABYTE = 1e9;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 5);
/** Blocks' sizes are measured at these numbers of events. */
const CURVE_EVENTS = [1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
/** What is simulated event by event: all projects, two eras of the finest tier. */
const SIMULATED = { eventsPerSecond: 100, minutes: 16, partitions: 32 };
/** Lanes whose events and blocks are in memory at a time. */
const LANES_AT_A_TIME = 2_000;
/** Rates that are reckoned with, and the partitions that the log has for them; the first three are the chart's examples. */
const SCALES = [
  { name: "1 k", eventsPerSecond: 1e3, partitions: 8 },
  { name: "10 k", eventsPerSecond: 1e4, partitions: 32 },
  { name: "100 k", eventsPerSecond: 1e5, partitions: 128 },
  { name: "1 M", eventsPerSecond: 1e6, partitions: 256 },
  { name: "10 M", eventsPerSecond: 1e7, partitions: 1_024 },
];
/** The finest tier's flush under load: a flush of a quarter of a second, and as long a rest. */
const FINEST_FLUSH_SECONDS = 0.5;
/** The default retentions, and 14 days more for what expires; two years of what is kept for ever. */
const KEPT_DAYS = { "1m": 21, "15m": 410, "1h": 730, "1d": 730 };
/** A claim of a dense stream in Redis (bench `claims`), for the late window of 48 hours and 24 more. */
const CLAIM_BYTES = 28;
const CLAIM_SECONDS = 72 * 3_600;

/** Skewed tenants on the real routing, fold and storage layout. */
export const bench: Bench = {
  about: "100,000 projects by Zipf's law: partitions of the log and of Cassandra, rows, bytes, fan-out",
  async run() {
    const shares = zipfShares(PROJECTS);
    const curve = await sizeCurve();
    return [
      ...logFigures(),
      ...[1, 10, 100, 1_000, 10_000, 100_000].map((events) => {
        return {
          what: `a block of ${events.toLocaleString("en-US")} page views`,
          value: bytesOf(curve, events),
          unit: "B",
        };
      }),
      ...(await compressionFigures()),
      ...SCALES.flatMap(({ partitions }) => shareFigures(shares, partitions)),
      ...(await simulatedFigures(shares, curve)),
      ...SCALES.flatMap((scale) => scaleFigures(scale, shares, curve)),
      ...SCALES.flatMap((scale) => sizingFigures(scale, curve)),
      ...fanOutFigures(shares[0]!),
    ];
  },
};

function bytesOf({ events, bytes }: SizeCurve, count: number): number {
  return bytes[events.indexOf(count)]!;
}

/** One block for each number of events, all in one minute; every number starts anew. */
async function sizeCurve(): Promise<SizeCurve> {
  const random = randomFrom(5);
  const bytes: number[] = [];
  for (const count of CURVE_EVENTS) {
    const times = Array.from({ length: count }, (_, i) => START_MS + (i * (MINUTE_MS - 1)) / count);
    const partitions = await foldLanes([{ projectId: "site", times }], random);
    bytes.push(partitions.find(({ tier }) => tier === "1m")!.bytes);
  }
  return { events: CURVE_EVENTS, bytes };
}

/** What is left of blocks when Cassandra compresses them, by its pieces, with zstd in place of LZ4. */
async function compressionFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of [10, 1_000, 100_000]) {
    let [bytes, compressed] = [0, 0];
    const times = Array.from({ length: count }, (_, i) => START_MS + (i * (MINUTE_MS - 1)) / count);
    await foldLanes([{ projectId: "site", times }], randomFrom(5), (_, blob) => {
      bytes += blob.length;
      for (let from = 0; from < blob.length; from += CASSANDRA_PIECE_BYTES) {
        compressed += zstdCompressSync(blob.subarray(from, from + CASSANDRA_PIECE_BYTES)).length;
      }
    });
    const what = `what zstd leaves of a block of ${count.toLocaleString("en-US")} page views`;
    figures.push({ what, value: (100 * compressed) / bytes, unit: "%" });
  }
  return figures;
}

/** What an event takes in the log, compressed as ingest does it. */
function logFigures(): Figure[] {
  const times = Array.from({ length: 500 }, (_, i) => START_MS + i);
  const bytes = recordsOf({ projectId: "site", times }, randomFrom(4))[0]!.value.length;
  return [{ what: "an event in the log, of a record of 500", value: bytes / 500, unit: "B" }];
}

function shareFigures(shares: Float64Array, partitions: number): Figure[] {
  const [name, spreadOf] = [`${partitions} partitions`, (share: number) => spreadFor(share, partitions)];
  const without = unevenness(partitionShares(shares, partitions, () => 1));
  const ruled = unevenness(partitionShares(shares, partitions, spreadOf));
  const spread = shares.filter((share) => spreadOf(share) > 1).length;
  return [
    { what: `${name}: the largest, every project in one`, value: without.largest, unit: "averages" },
    { what: "… how many have more than twice the average", value: without.hot, unit: "" },
    { what: "… the largest, projects spread by the rule", value: ruled.largest, unit: "averages" },
    { what: "… how many have more than twice the average", value: ruled.hot, unit: "" },
    { what: "… projects that need a spread", value: spread, unit: "" },
    { what: "… the first project's spread", value: spreadOf(shares[0]!), unit: "" },
  ];
}

/** Every event of every project, by the real code; beside what is reckoned for as many. */
async function simulatedFigures(shares: Float64Array, curve: SizeCurve): Promise<Figure[]> {
  const { eventsPerSecond, minutes, partitions } = SIMULATED;
  const spreadOf = (share: number) => spreadFor(share, partitions);
  const random = randomFrom(7);
  const found = new Map<string, { partitions: number; rows: number; bytes: number; largest: number }>();
  let events = 0;
  let lanes: Lane[] = [];
  const fold = async () => {
    for (const { tier, rows, bytes } of await foldLanes(lanes, random)) {
      const sum = found.get(tier) ?? { partitions: 0, rows: 0, bytes: 0, largest: 0 };
      found.set(tier, sum);
      sum.partitions++;
      sum.rows += rows;
      sum.bytes += bytes;
      sum.largest = Math.max(sum.largest, bytes);
    }
    lanes = [];
  };
  for (const [place, share] of shares.entries()) {
    const projectId = projectAt(place);
    const own = partitionsOf(rulesOf(projectId, spreadOf(share)), partitions);
    for (const _ of own) {
      const rate = (eventsPerSecond * share) / own.length / 1_000;
      const times = arrivals(rate, minutes * MINUTE_MS, random).map((time) => START_MS + time);
      if (times.length > 0) lanes.push({ projectId, times });
      events += times.length;
    }
    if (lanes.length >= LANES_AT_A_TIME) await fold();
  }
  await fold();
  const reckoned = storeLoad({ shares, eventsPerSecond, spreadOf, finestFlushSeconds: FINEST_FLUSH_SECONDS, curve });
  const rowsReckoned = (reckoned["1m"].rowsPerDay * minutes) / 1_440;
  const bytesReckoned = (reckoned["1m"].bytesPerDay * minutes) / 1_440;
  return [
    { what: `simulated: ${eventsPerSecond} a second, ${minutes} minutes`, value: events, unit: "events" },
    ...TIERS.flatMap((tier): Figure[] => {
      const { partitions: count, rows, bytes, largest } = found.get(tier)!;
      return [
        { what: `… ${tier}: rows an event`, value: rows / events, unit: "" },
        { what: `… ${tier}: bytes a row`, value: bytes / rows, unit: "B" },
        { what: `… ${tier}: rows a partition`, value: rows / count, unit: "" },
        { what: `… ${tier}: the largest partition`, value: largest / 1_024, unit: "KiB" },
      ];
    }),
    { what: "… rows of 1m, simulated to reckoned", value: found.get("1m")!.rows / rowsReckoned, unit: "" },
    { what: "… bytes of 1m, simulated to reckoned", value: found.get("1m")!.bytes / bytesReckoned, unit: "" },
  ];
}

function scaleFigures(scale: (typeof SCALES)[number], shares: Float64Array, curve: SizeCurve): Figure[] {
  const { name, eventsPerSecond, partitions } = scale;
  const spreadOf = (share: number) => spreadFor(share, partitions);
  const load = storeLoad({ shares, eventsPerSecond, spreadOf, finestFlushSeconds: FINEST_FLUSH_SECONDS, curve });
  const sum = (of: (tier: (typeof TIERS)[number]) => number) => TIERS.reduce((all, tier) => all + of(tier), 0);
  const writes = sum((tier) => load[tier].writesPerSecond);
  return [
    { what: `${name} events/s: rows written`, value: writes, unit: "rows/s" },
    ...TIERS.map((tier) => ({ what: `… of ${tier}`, value: load[tier].writesPerSecond, unit: "rows/s" })),
    { what: "… rows an event", value: writes / eventsPerSecond, unit: "" },
    { what: "… blocks written", value: sum((tier) => load[tier].bytesWrittenPerSecond) / MEBIBYTE, unit: "MiB/s" },
    { what: "… new rows a day", value: sum((tier) => load[tier].rowsPerDay) / 1e6, unit: "M" },
    { what: "… blocks kept in the end", value: keptBytes(load, KEPT_DAYS) / GIGABYTE, unit: "GB" },
    ...TIERS.map((tier) => ({
      what: `… the largest partition of ${tier}`,
      value: load[tier].largestPartitionBytes / MEBIBYTE,
      unit: "MiB",
      goal: { atMost: 10 },
    })),
    {
      what: "… writes to the partition of blocks that is written most",
      value: Math.max(...TIERS.map((tier) => load[tier].hottestPartitionWrites)),
      unit: "/s",
    },
    {
      what: "… writes to the one partition of watermarks: one for each flush of each partition of the log",
      value: partitions * sum((tier) => 1 / (FLUSH_INTERVAL_MS[tier] / 1_000 || FINEST_FLUSH_SECONDS)),
      unit: "/s",
    },
    { what: "… memory of the claims", value: (eventsPerSecond * CLAIM_SECONDS * CLAIM_BYTES) / GIGABYTE, unit: "GB" },
  ];
}

/** The same rate of fewer projects: what `docs/operating.md` sizes by. */
function sizingFigures({ name, eventsPerSecond, partitions }: (typeof SCALES)[number], curve: SizeCurve): Figure[] {
  const spreadOf = (share: number) => spreadFor(share, partitions);
  return [10, 100, 1_000, 10_000, PROJECTS].flatMap((projects) => {
    const shares = zipfShares(projects);
    const load = storeLoad({ shares, eventsPerSecond, spreadOf, finestFlushSeconds: FINEST_FLUSH_SECONDS, curve });
    const writes = TIERS.reduce((sum, tier) => sum + load[tier].writesPerSecond, 0);
    const what = `${name} events/s of ${projects.toLocaleString("en-US")} projects`;
    return [
      { what: `${what}: rows written`, value: writes, unit: "rows/s" },
      { what: "… kept in the end", value: keptBytes(load, KEPT_DAYS) / 1e12, unit: "TB" },
    ];
  });
}

/** Questions as panels ask them, in the middle of a day, by how many lanes a project has; `share` is that of the first. */
function fanOutFigures(share: number): Figure[] {
  const now = Math.floor(START_MS / MINUTE_MS) + 797;
  const questions = [
    { name: "the last hour", minutes: 60 },
    { name: "the last 24 hours", minutes: 1_440 },
    { name: "the last 30 days", minutes: 43_200 },
    { name: "the last year", minutes: 525_600 },
  ];
  const first = (partitions: number) => spreadFor(share, partitions);
  const projects = [
    { name: "small: 1 slot, 1 partition", lanes: 1 },
    { name: `the first at 10 k/s: 1 slot, ${first(32)} partitions`, lanes: first(32) },
    { name: "large: 64 slots, 8 partitions", lanes: 512 },
    { name: `the first at 10 M/s: 1 slot, ${first(1_024)} partitions`, lanes: first(1_024) },
    { name: "the same with 64 slots", lanes: 64 * first(1_024) },
  ];
  return projects.flatMap((project) =>
    questions.map((question) => {
      const { lists, partitions } = queryFanOut(now - question.minutes, now, project.lanes);
      return { what: `${question.name}, ${project.name}`, value: lists + partitions, unit: "requests" };
    }),
  );
}
