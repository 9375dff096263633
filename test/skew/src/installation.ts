/** All services on the embedded backends of a directory, at a moment that the caller gives: nothing hangs on the clock. */
import { join } from "node:path";
import { createClient, type Transport } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { RollupService } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { openEmbeddedCache, openEmbeddedClaims } from "@millrace/cache/embedded";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { createConfigApp } from "@millrace/config";
import type { EventLog } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { createIngestApp } from "@millrace/ingest";
import { createProcessingApp, deadLettersIn, PROCESSING_GROUP, PROCESSING_VERSION } from "@millrace/processing";
import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import { createReportingApp } from "@millrace/reporting";
import { inProcessTransport, type Principal, silentLogger } from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import { createNoopMeter } from "@opentelemetry/api";

/** Whoever may read and manage everything: the installation is its caller's own. */
const OPERATOR: Principal = {
  keyId: "operator",
  projectId: undefined,
  scopes: new Set([Scope.REPORT, Scope.ADMIN, Scope.SERVICE]),
};
const PARTITIONS = 2;
const BLOCK_BYTES = 64 * 1024 * 1024;

/** Where an installation is, and when. */
export type InstallationOptions = {
  readonly directory: string;
  /** The present of all services and of the log, in epoch milliseconds. */
  readonly nowMs: () => number;
  /** Another store of cells than that of the directory, such as an empty one. */
  readonly cells?: string;
  /** The group that folds; another one folds the whole log once more. */
  readonly group?: string;
};

/** The services, as their callers see them. */
export type Installation = Awaited<ReturnType<typeof openInstallation>>;

/** Opens an installation. Processing starts by `fold` alone. */
export async function openInstallation({ directory, nowMs, cells, group = PROCESSING_GROUP }: InstallationOptions) {
  const log = silentLogger();
  const meter = createNoopMeter();
  const clock = { now: nowMs };
  const letters = join(directory, "dead-letters");
  const eventLog = await openEmbeddedEventLog({ directory, partitions: PARTITIONS, clock: nowMs });
  const deadLetters = await openEmbeddedEventLog({ directory: letters, partitions: 1, clock: nowMs });
  const records = await openEmbeddedRecordStore({ directory });
  const claims = await openEmbeddedClaims({ directory });
  const cellStore = await openEmbeddedCellStore({ directory: cells ?? directory });
  const cache = await openEmbeddedCache();
  const config = createConfigApp({ records, clock: nowMs, log, processingVersion: PROCESSING_VERSION });
  const to = (app: { routes: Parameters<typeof inProcessTransport>[0] }, principal = OPERATOR): Transport =>
    inProcessTransport((router) => app.routes(router), { principal, log });
  const toConfig = to(config);
  const snapshot = createSnapshot({ transport: toConfig, log, now: nowMs });
  const ingest = createIngestApp({ eventLog, claims, cache, snapshot, clock, meter, log });
  const reporting = createReportingApp({ cellStore, cache, snapshot, clock, meter, log });
  const failures: unknown[] = [];
  const processing = createProcessingApp({
    ...{ eventLog, cellStore, claims, cache, snapshot, clock, meter, log, group },
    deadLetters: deadLettersIn(deadLetters),
    redrive: { letters: deadLetters, events: eventLog },
    blockBytesMax: BLOCK_BYTES,
    flushIntervalScale: 0.01,
    claimsExpire: false,
    onFailure: (error) => void failures.push(error),
  });
  return {
    eventLog: eventLog as EventLog,
    cellStore,
    snapshot,
    projects: createClient(ProjectService, toConfig),
    metrics: createClient(MetricService, toConfig),
    rollups: createClient(RollupService, toConfig),
    /** Ingest for who has a key of the project, which may be one for imports. */
    ingestFor(projectId: string, how: "live" | "import" = "live") {
      const scopes = new Set([Scope.INGEST, ...(how === "import" ? [Scope.IMPORT] : [])]);
      return createClient(IngestService, to(ingest, { keyId: how, projectId, scopes }));
    },
    reporting: createClient(ReportingService, to(reporting)),
    letters: createClient(DeadLetterService, to(processing)),
    /** Who a key belongs to, as the stored records say. */
    authenticate: config.authenticate,
    bootstrap: config.bootstrap,
    /** Folds everything that is in the log, stores it, and stops. */
    async fold(): Promise<void> {
      await processing.start();
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const { end } = await eventLog.bounds(partition);
        while ((await eventLog.committed(group, partition)) !== end) {
          if (failures.length > 0) throw failures[0];
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      await processing.drain();
    },
    async close(): Promise<void> {
      await Promise.all([ingest.close(), reporting.close(), snapshot.close(), config.close()]);
      for (const backend of [eventLog, deadLetters, records, claims, cellStore, cache]) await backend.close();
    },
  };
}
