import { randomFillSync } from "node:crypto";
import { type ClaimBatch, claimSlot, POSITION_BYTES, packPosition } from "@millrace/cache";
import { openRedisClaims, type RedisClaims } from "@millrace/cache/redis";
import { ownRedis, redisCluster } from "@millrace/harness/servers";
import { Redis } from "ioredis";
import type { Bench, Figure } from "./bench.ts";

const CLAIMS = 600_000;
/** Claims whose times lie far apart take much memory each, so fewer do. */
const SPREAD_CLAIMS = 60_000;
const BATCH = 2000;
/** As many batches are on their way at a time as partitions are folded by a process. */
const IN_FLIGHT = 4;
const START_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const KEEP_MS = START_MS + 1000 * DAY_MS;
const ID_BYTES = 16;
/** A machine that does other things too must not end the bench. */
const PATIENCE_MS = 30_000;

/** When the events of a stream happened. */
type Stream = {
  readonly what: string;
  readonly count: number;
  readonly imported: boolean;
  /** Of the event with a number. */
  readonly timeMs: (i: number) => number;
};

const DENSE: Stream = {
  ...{ what: "live, 10,000 a second", count: CLAIMS, imported: false },
  timeMs: (i) => START_MS + i / 10,
};
const STREAMS: readonly Stream[] = [
  { what: "live, 100 a second", count: CLAIMS, imported: false, timeMs: (i) => START_MS + i * 10 },
  {
    ...{ what: "live, spread over a week", count: SPREAD_CLAIMS, imported: false },
    timeMs: () => START_MS + Math.random() * 7 * DAY_MS,
  },
  {
    ...{ what: "import, spread over a year", count: CLAIMS, imported: true },
    timeMs: () => START_MS + Math.random() * 365 * DAY_MS,
  },
];

/** Claims in Redis, one server and a Cluster of three. */
export const bench: Bench = {
  about: "claims of event ids in Redis and in a Cluster of three, batches of 2,000, four at a time (a minute or two)",
  run: async () => {
    const own = await ownRedis();
    const single = await measure("one Redis", `redis://${own.addresses[0]}`, own.addresses, true);
    await own.dispose();
    const { url } = await redisCluster();
    return [...single, ...(await measure("Cluster", url, url.slice("redis+cluster://".length).split(","), false))];
  },
};

async function measure(name: string, address: string, nodes: readonly string[], hasGoal: boolean): Promise<Figure[]> {
  const figures: Figure[] = [];
  const servers = new Servers(nodes);
  const goal = hasGoal ? { goal: { atLeast: 200_000 } } : {};
  const dense = await servers.claim(address, DENSE);
  figures.push(
    { what: `${name}: claims of new ids, ${DENSE.what}`, value: dense.rate, unit: "ids/s", ...goal },
    { what: `${name}: claims of ids that are claimed`, value: dense.repeatedRate, unit: "ids/s", ...goal },
    { what: `${name}: processor of Redis, new ids`, value: dense.serverSeconds, unit: "s a million" },
    { what: `${name}: processor of the client, new ids`, value: dense.clientSeconds, unit: "s a million" },
    { what: `${name}: memory, ${DENSE.what}`, value: dense.bytes, unit: "bytes a claim", goal: { atMost: 32 } },
  );
  for (const stream of STREAMS) {
    const { bytes, rate } = await servers.claim(address, stream);
    figures.push(
      { what: `${name}: memory, ${stream.what}`, value: bytes, unit: "bytes a claim" },
      { what: `${name}: claims of new ids, ${stream.what}`, value: rate, unit: "ids/s" },
    );
  }
  servers.close();
  return figures;
}

/** The servers, which are asked what they use. */
class Servers {
  readonly #clients: readonly Redis[];

  constructor(nodes: readonly string[]) {
    this.#clients = nodes.map((node) => new Redis(`redis://${node}`));
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
  }

  /** Claims all of a stream, in a place of its own, twice; then forgets it. */
  async claim(address: string, stream: Stream) {
    const claims = await openRedisClaims({ address, prefix: `bench-${process.pid}`, commandTimeoutMs: PATIENCE_MS });
    const batches = batchesOf(stream);
    const before = await this.#used();
    const cpuBefore = process.cpuUsage();
    const seconds = await claimAll(claims, batches);
    const { user, system } = process.cpuUsage(cpuBefore);
    const after = await this.#used();
    const repeatedSeconds = await claimAll(claims, batches);
    while ((await claims.expire(KEEP_MS + DAY_MS)) > 0);
    await claims.close();
    return {
      rate: stream.count / seconds,
      repeatedRate: stream.count / repeatedSeconds,
      bytes: (after.bytes - before.bytes) / stream.count,
      serverSeconds: ((after.seconds - before.seconds) * 1e6) / stream.count,
      clientSeconds: (user + system) / stream.count,
    };
  }

  /** Memory and processor time of all servers until now. */
  async #used(): Promise<{ bytes: number; seconds: number }> {
    const infos = await Promise.all(this.#clients.map((client) => client.info()));
    const sum = (field: string) =>
      infos.reduce((total, info) => total + Number(new RegExp(`^${field}:([\\d.]+)`, "m").exec(info)?.[1]), 0);
    return { bytes: sum("used_memory"), seconds: sum("used_cpu_user") + sum("used_cpu_sys") };
  }
}

async function claimAll(claims: RedisClaims, batches: readonly ClaimBatch[]): Promise<number> {
  const began = performance.now();
  let next = 0;
  const streams = Array.from({ length: IN_FLIGHT }, async () => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) await claims.claim(batch, KEEP_MS);
  });
  await Promise.all(streams);
  return (performance.now() - began) / 1000;
}

function batchesOf({ count, imported, timeMs }: Stream): ClaimBatch[] {
  return Array.from({ length: count / BATCH }, (_, number) => {
    const positions = new Uint8Array(BATCH * POSITION_BYTES);
    const slots = new Float64Array(BATCH);
    for (let i = 0; i < BATCH; i++) {
      slots[i] = claimSlot(timeMs(number * BATCH + i), imported);
      const position = { generation: 1, partition: number % IN_FLIGHT, offset: 1_000_000 + number, index: i };
      packPosition(position, positions, i * POSITION_BYTES);
    }
    return { count: BATCH, ids: randomFillSync(new Uint8Array(BATCH * ID_BYTES)), slots, positions };
  });
}
