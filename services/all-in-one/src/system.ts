import { type Lifecycle, type RunningServer, type ServerOptions, startServer } from "@millrace/runtime";
import { createServices, type Services, type ServicesOptions } from "./services.ts";

/** What the process is put together from. */
export type SystemOptions = Omit<ServicesOptions, "onFailure"> & { readonly lifecycle: Lifecycle };

/**
 * Every service in one process, behind one port. Components are added to the lifecycle so that a drain stops the intake
 * first and stores last.
 */
export function assembleSystem(options: SystemOptions) {
  const { lifecycle } = options;
  const services = createServices({
    ...options,
    onFailure: (error) => void lifecycle.fail("processing", error),
  });
  const { config, snapshot, processing, ingest, reporting, dashboard } = services;
  let server: RunningServer | undefined;
  lifecycle.add({ name: "config", start: () => config.start(), stop: () => config.close() });
  lifecycle.add({ name: "snapshot", start: () => snapshot.ready(), stop: () => snapshot.close() });
  lifecycle.add({ name: "processing", start: () => processing.start(), drain: () => processing.drain() });
  lifecycle.add({ name: "reporting", drain: () => reporting.drain(), stop: () => reporting.close() });
  lifecycle.add({ name: "ingest", drain: () => ingest.close() });
  lifecycle.add({
    name: "server",
    async start() {
      server = await startServer(serverOptions(services, options));
    },
    drain: () => server?.drain(),
    stop: () => server?.close(),
  });
  // The page is built, where it must be, once everything else is there.
  lifecycle.add({ name: "dashboard", start: () => dashboard.start() });
  return { config, dashboard, server: () => server! };
}

function serverOptions(services: Services, { settings, telemetry, log, version }: SystemOptions): ServerOptions {
  const { config, processing, ingest, reporting, dashboard, authenticate } = services;
  return {
    service: "millrace",
    version,
    host: settings.host,
    port: settings.port,
    adminHost: settings.adminHost,
    adminPort: settings.adminPort,
    routes(router) {
      for (const app of [config, ingest, processing, reporting, dashboard]) app.routes(router);
    },
    rawHandlers: ingest.rawHandlers,
    findHandler: dashboard.findHandler,
    authenticate,
    log: log.child({ part: "server" }),
    // Ingest grants larger windows to streams, within its bound on bytes in flight.
    limits: { http2: { streamWindowBytes: 65_535 } },
    telemetry,
    reflection: settings.reflection,
    cors: { origins: settings.corsOrigins, openPaths: ingest.openPaths },
    trustedProxies: settings.trustedProxies,
    drainDelayMs: settings.drainDelayMs,
  };
}
