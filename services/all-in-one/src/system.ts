import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { createConfigApp } from "@millrace/config";
import { createDashboardApp } from "@millrace/dashboard";
import { createIngestApp, type TrackerScript } from "@millrace/ingest";
import { createProcessingApp, deadLettersIn, PROCESSING_VERSION } from "@millrace/processing";
import { createReportingApp } from "@millrace/reporting";
import {
  type Authenticate,
  inProcessTransport,
  type Lifecycle,
  type Logger,
  type RunningServer,
  SESSION_PREFIX,
  startServer,
  type Telemetry,
  type Values,
} from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import type { Backends } from "./backends.ts";
import type { VARIABLES } from "./config.ts";

/** The settings of the process. */
export type Settings = Values<typeof VARIABLES>;

/** What the services are put together from. */
export type SystemOptions = {
  readonly settings: Settings;
  readonly backends: Backends;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly version: string;
  readonly lifecycle: Lifecycle;
  /** What web pages load; undefined: nothing is there. */
  readonly trackerScript: TrackerScript | undefined;
};

/**
 * Every service in one process. They speak to each other as they do in a cluster, by their contracts; only the socket is
 * left out. Components are added to the lifecycle so that a drain stops the intake first and stores last.
 */
export function assembleSystem(options: SystemOptions) {
  const { settings, backends, telemetry, log, version, lifecycle } = options;
  const clock = { now: () => Date.now() };
  const { meter } = telemetry;
  const part = (name: string) => log.child({ part: name });

  const config = createConfigApp({
    records: backends.records,
    clock: clock.now,
    log: part("config"),
    processingVersion: PROCESSING_VERSION,
  });
  const service = { keyId: "all-in-one", projectId: undefined, scopes: new Set([Scope.SERVICE]) };
  const transport = inProcessTransport(config.routes, { principal: service, log: part("config") });
  const snapshot = createSnapshot({ transport, log: part("snapshot") });
  const processing = createProcessingApp({
    ...backends,
    deadLetters: deadLettersIn(backends.deadLetters),
    snapshot,
    clock,
    meter,
    version,
    log: part("processing"),
    blockBytesMax: settings.blockBytes,
    flushIntervalScale: settings.coarseFlushPercent / 100,
    // Only this process expires claims, and by the log's own time: a lag makes none of them go early.
    claimsExpire: false,
    onFailure: (error) => void lifecycle.fail("processing", error),
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
  const dashboard = createDashboardApp({
    records: backends.records,
    now: clock.now,
    log: part("dashboard"),
    version,
  });
  const authenticate: Authenticate = (text) =>
    text?.startsWith(SESSION_PREFIX) ? dashboard.authenticate(text) : snapshot.authenticate(text);

  let server: RunningServer | undefined;
  lifecycle.add({ name: "config", start: () => config.start(), stop: () => config.close() });
  lifecycle.add({ name: "snapshot", start: () => snapshot.ready(), stop: () => snapshot.close() });
  lifecycle.add({ name: "processing", start: () => processing.start(), drain: () => processing.drain() });
  lifecycle.add({ name: "reporting", drain: () => reporting.drain(), stop: () => reporting.close() });
  lifecycle.add({ name: "ingest", drain: () => ingest.close() });
  lifecycle.add({
    name: "server",
    async start() {
      server = await startServer({
        service: "millrace",
        version,
        host: settings.host,
        port: settings.port,
        adminHost: settings.adminHost,
        adminPort: settings.adminPort,
        routes(router) {
          config.routes(router);
          ingest.routes(router);
          processing.routes(router);
          reporting.routes(router);
          dashboard.routes(router);
        },
        rawHandlers: ingest.rawHandlers,
        findHandler: dashboard.findHandler,
        authenticate,
        log: part("server"),
        // Ingest grants larger windows to streams, within its bound on bytes in flight.
        limits: { http2: { streamWindowBytes: 65_535 } },
        telemetry,
        reflection: settings.reflection,
        cors: { origins: settings.corsOrigins, openPaths: ingest.openPaths },
        trustedProxies: settings.trustedProxies,
        drainDelayMs: settings.drainDelayMs,
      });
    },
    drain: () => server?.drain(),
    stop: () => server?.close(),
  });
  // The page is built, where it must be, once everything else is there.
  lifecycle.add({ name: "dashboard", start: () => dashboard.start() });
  return { config, dashboard, server: () => server! };
}
