import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { createConfigApp } from "@millrace/config";
import { createDashboardApp } from "@millrace/dashboard";
import { createIngestApp, type TrackerScript } from "@millrace/ingest";
import { createProcessingApp, deadLettersIn, PROCESSING_VERSION } from "@millrace/processing";
import { createReportingApp } from "@millrace/reporting";
import {
  type Authenticate,
  inProcessTransport,
  type Logger,
  SESSION_PREFIX,
  type Telemetry,
  type Values,
} from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import type { Backends } from "./backends.ts";
import type { VARIABLES } from "./config.ts";

/** The settings of the process. */
export type Settings = Values<typeof VARIABLES>;

/** What the services are made from. */
export type ServicesOptions = {
  readonly settings: Settings;
  readonly backends: Backends;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly version: string;
  /** What web pages load; undefined: nothing is there. */
  readonly trackerScript: TrackerScript | undefined;
  /** Told when processing can not go on. */
  readonly onFailure: (error: unknown) => void;
};

/** Every service. They speak to each other as they do in a cluster, by their contracts; only the socket is left out. */
export function createServices(options: ServicesOptions) {
  const { settings, backends, telemetry, log, version } = options;
  const clock = { now: () => Date.now() };
  const { meter } = telemetry;
  const part = (name: string) => log.child({ part: name });

  const config = createConfigApp({
    records: backends.records,
    clock: clock.now,
    log: part("config"),
    meter,
    processingVersion: PROCESSING_VERSION,
  });
  const service = { keyId: "all-in-one", projectId: undefined, scopes: new Set([Scope.SERVICE]) };
  const transport = inProcessTransport(config.routes, { principal: service, log: part("config") });
  const snapshot = createSnapshot({ transport, log: part("snapshot"), meter });
  const processing = createProcessingApp({
    ...backends,
    deadLetters: deadLettersIn(backends.deadLetters),
    redrive: { letters: backends.deadLetters, events: backends.eventLog },
    snapshot,
    clock,
    meter,
    version,
    log: part("processing"),
    blockBytesMax: settings.blockBytes,
    flushIntervalScale: settings.coarseFlushPercent / 100,
    // Only this process expires claims, and by the log's own time: a lag makes none of them go early.
    claimsExpire: false,
    onFailure: options.onFailure,
  });
  const ingest = createIngestApp({
    eventLog: backends.eventLog,
    claims: backends.claims,
    cache: backends.cache,
    trackerScript: options.trackerScript,
    snapshot,
    clock,
    meter,
    log: part("ingest"),
    limits: { bytesInFlight: settings.bytesInFlight },
  });
  const reporting = createReportingApp({ ...backends, snapshot, clock, meter, log: part("reporting") });
  const dashboard = createDashboardApp({ records: backends.records, now: clock.now, log: part("dashboard"), version });
  const authenticate: Authenticate = (text) =>
    text?.startsWith(SESSION_PREFIX) ? dashboard.authenticate(text) : snapshot.authenticate(text);
  return { config, snapshot, processing, ingest, reporting, dashboard, authenticate };
}
