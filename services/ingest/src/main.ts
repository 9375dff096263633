import { authenticateServices, createPooledTransport, LONE_SERVICE_HINT, runService } from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import { createIngestApp } from "./app.ts";
import { openBackends } from "./backends.ts";
import { VARIABLES } from "./config.ts";
import { loadTracker } from "./http/load-tracker.ts";

runService({
  name: "ingest",
  command: "npm run ingest",
  summary: "ingest, which takes events and answers when they are durable.",
  manifest: new URL("../package.json", import.meta.url),
  variables: VARIABLES,
  hint: LONE_SERVICE_HINT,
  async assemble(process) {
    const { settings, log, telemetry, lifecycle, tls } = process;
    const backends = await openBackends(process);
    lifecycle.add({ name: "backends", stop: backends.close });
    const transport = createPooledTransport({ urls: settings.configUrl, tls, serviceKey: settings.serviceKeys[0] });
    const snapshot = createSnapshot({ transport, log, meter: telemetry.meter });
    lifecycle.add({
      name: "snapshot",
      stop: () => snapshot.close().finally(() => transport.close()),
    });
    const authenticate = authenticateServices(settings.serviceKeys, (text) => snapshot.authenticate(text));
    const ingest = createIngestApp({
      ...backends,
      trackerScript: await loadTracker(log),
      snapshot: { ...snapshot, authenticate },
      clock: { now: () => Date.now() },
      meter: telemetry.meter,
      log,
      limits: { bytesInFlight: settings.bytesInFlight },
    });
    lifecycle.add({ name: "ingest", drain: () => ingest.close() });
    return {
      server: {
        routes: ingest.routes,
        rawHandlers: ingest.rawHandlers,
        openPaths: ingest.openPaths,
        limits: ingest.serverLimits,
        authenticate,
        isReady: () => backends.ready().then(() => true),
      },
    };
  },
});
