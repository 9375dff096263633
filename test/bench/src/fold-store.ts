/**
 * A process that folds a log that lies there, on embedded backends: `node fold-store.ts DIRECTORY LOG SPEED`. It tells
 * what it took when it is done. SPEED says how many times as fast as in reality the log is folded: intervals of flushes
 * are shortened alike, so that as many rows are written an event.
 */

import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { openEmbeddedCache, openEmbeddedClaims } from "@millrace/cache/embedded";
import type { CellStore } from "@millrace/cell-store";
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
  readonly peakRssBytes: number;
};

const LOOK_EVERY_MS = 20;

const [directory = "", speed = "1", blockMebibytes = "96", claimMebibytes = "112"] = process.argv.slice(2);
const eventLog = await openEmbeddedEventLog({ directory });
const cellStore = await openEmbeddedCellStore({ directory });
const claims = await openEmbeddedClaims({ directory, maxResidentBytes: Number(claimMebibytes) * 2 ** 20 });
const cache = await openEmbeddedCache();
const rows: Record<string, number> = {};
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
      for (const { key } of blocks) rows[key.granularity] = (rows[key.granularity] ?? 0) + 1;
      return store.writeBlocks(blocks, options);
    },
    writeStates: (states, options) => store.writeStates(states, options),
    readBlocks: (keys, options) => store.readBlocks(keys, options),
    scan: (range, options) => store.scan(range, options),
    readStates: (kind, options) => store.readStates(kind, options),
    expire: (project, granularity, before, options) => store.expire(project, granularity, before, options),
    ready: (options) => store.ready(options),
    close: () => store.close(),
  };
}
// Whoever started it is gone.
process.once("disconnect", () => process.exit(1));
