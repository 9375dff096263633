import { authenticateServices, createPooledTransport, LONE_SERVICE_HINT, runService } from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import { createReportingApp } from "./app.ts";
import { openBackends } from "./backends.ts";
import { VARIABLES } from "./config.ts";

runService({
  name: "reporting",
  command: "npm run reporting",
  summary: "reporting, which answers questions about what was counted.",
  manifest: new URL("../package.json", import.meta.url),
  variables: VARIABLES,
  hint: LONE_SERVICE_HINT,
  async assemble(process) {
    const { settings, log, telemetry, lifecycle, tls } = process;
    const backends = await openBackends(process);
    lifecycle.add({ name: "backends", stop: backends.close });
    const transport = createPooledTransport({ urls: settings.configUrl, tls, serviceKey: settings.serviceKeys[0] });
    const snapshot = createSnapshot({ transport, log, meter: telemetry.meter });
    lifecycle.add({ name: "snapshot", stop: () => snapshot.close().finally(() => transport.close()) });
    const reporting = createReportingApp({
      ...backends,
      snapshot,
      clock: { now: () => Date.now() },
      meter: telemetry.meter,
      log,
    });
    lifecycle.add({ name: "reporting", drain: () => reporting.drain(), stop: () => reporting.close() });
    return {
      server: {
        routes: reporting.routes,
        authenticate: authenticateServices(settings.serviceKeys, (text) => snapshot.authenticate(text)),
        isReady: () => backends.cellStore.ready().then(() => true),
      },
    };
  },
});
