import type { Lifecycle, Served } from "@millrace/runtime";
import { createServices, type ServicesOptions } from "./services.ts";

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
  const { config, snapshot, processing, ingest, reporting, dashboard, authenticate } = services;
  lifecycle.add({ name: "config", start: () => config.start(), stop: () => config.close() });
  lifecycle.add({ name: "snapshot", start: () => snapshot.ready(), stop: () => snapshot.close() });
  lifecycle.add({ name: "processing", start: () => processing.start(), drain: () => processing.drain() });
  lifecycle.add({ name: "reporting", drain: () => reporting.drain(), stop: () => reporting.close() });
  lifecycle.add({ name: "ingest", drain: () => ingest.close() });
  const server: Served["server"] = {
    routes(router) {
      for (const app of [config, ingest, processing, reporting, dashboard]) app.routes(router);
    },
    rawHandlers: ingest.rawHandlers,
    openPaths: ingest.openPaths,
    findHandler: dashboard.findHandler,
    authenticate,
    limits: ingest.serverLimits,
  };
  return { config, dashboard, server };
}
