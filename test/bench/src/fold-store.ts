/**
 * A process that folds a log that lies there: `node fold-store.ts DIRECTORY SPEED BLOCK_MIB CLAIM_MIB [CASSANDRA]`, on embedded
 * backends, or with the cells in Cassandra (its options as JSON). It tells what it took when it is done. SPEED says how many
 * times as fast as in reality the log is folded: intervals of flushes are shortened alike, so that as many rows are written
 * an event.
 */

import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { openEmbeddedCache, openEmbeddedClaims } from "@millrace/cache/embedded";
import type { CellStore } from "@millrace/cell-store";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { createProcessingApp } from "@millrace/processing";
import { inProcessTransport, silentLogger } from "@millrace/runtime";
import { createNoopMeter } from "@opentelemetry/api";
import { webSnapshot } from "./web-project.ts";

/** What folding a log took. */
export type FoldedLog = {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Blocks written, by tier. */
  readonly rows: Readonly<Record<string, number>>;
  /** Bytes of all of their blobs. */
  readonly bytes: number;
  /** How long calls of the store took together: writes, and reads of blocks. */
  readonly writeSeconds: number;
  readonly readSeconds: number;
  readonly peakRssBytes: number;
};

const LOOK_EVERY_MS = 20;

const [directory = "", speed = "1", blockMebibytes = "96", claimMebibytes = "112", cassandra] = process.argv.slice(2);
const eventLog = await openEmbeddedEventLog({ directory });
const cellStore =
  cassandra === undefined
    ? await openEmbeddedCellStore({ directory })
    : await openCassandraCellStore(JSON.parse(cassandra));
const claims = await openEmbeddedClaims({ directory, maxResidentBytes: Number(claimMebibytes) * 2 ** 20 });
const cache = await openEmbeddedCache();
const rows: Record<string, number> = {};
let bytes = 0;
const storeMs = { write: 0, read: 0 };
const app = createProcessingApp({
  eventLog,
  cellStore: counting(cellStore),
  claims,
  cache,
  deadLetters: {
    put: async ([letter]) => {
      throw new Error(`an event became a dead letter: ${letter?.problem}`);
    },
  },
  snapshot: webSnapshot(),
  clock: Date,
  meter: createNoopMeter(),
  log: silentLogger(),
  blockBytesMax: Number(blockMebibytes) * 2 ** 20,
  flushIntervalScale: 1 / Number(speed),
  claimsExpire: false,
  // Whatever a drain has to store, it shall store.
  drainMs: 300_000,
  onFailure: (error) => {
    throw error;
  },
});
const principal = { keyId: "bench", projectId: undefined, scopes: new Set([Scope.REPORT]) };
const status = createClient(
  StatusService,
  inProcessTransport((router) => app.routes(router), { principal }),
);
const began = performance.now();
const cpuBefore = process.cpuUsage();
let peakRssBytes = 0;
await app.start();
while (!(await isFolded())) {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
  await delay(LOOK_EVERY_MS);
}
await app.drain();
const { user, system } = process.cpuUsage(cpuBefore);
const folded: FoldedLog = {
  seconds: (performance.now() - began) / 1000,
  cpuSeconds: (user + system) / 1e6,
  rows,
  bytes,
  writeSeconds: storeMs.write / 1000,
  readSeconds: storeMs.read / 1000,
  peakRssBytes,
};
process.send!(folded, () => process.exit(0));

/** Whether every record is folded; a drain stores what is not stored yet. */
async function isFolded(): Promise<boolean> {
  const { partitions } = await status.getStatus({});
  return partitions.every(({ nextOffset, endOffset }) => nextOffset >= endOffset);
}

function counting(store: CellStore): CellStore {
  return {
    writeBlocks(blocks, options) {
      for (const { key, blob } of blocks) {
        rows[key.granularity] = (rows[key.granularity] ?? 0) + 1;
        bytes += blob.length;
      }
      return clocked("write", store.writeBlocks(blocks, options));
    },
    writeStates: (states, options) => store.writeStates(states, options),
    readBlocks: (keys, options) => clocked("read", store.readBlocks(keys, options)),
    scan: (range, options) => store.scan(range, options),
    readStates: (kind, options) => store.readStates(kind, options),
    expire: (project, granularity, before, options) => store.expire(project, granularity, before, options),
    ready: (options) => store.ready(options),
    close: () => store.close(),
  };
}

async function clocked<T>(what: "write" | "read", call: Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await call;
  } finally {
    storeMs[what] += performance.now() - began;
  }
}
// Whoever started it is gone.
process.once("disconnect", () => process.exit(1));
