import {
  authenticateServices,
  createPooledTransport,
  LONE_SERVICE_HINT,
  runService,
  SESSION_PREFIX,
} from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import { createDashboardApp } from "./app.ts";
import { openBackends } from "./backends.ts";
import { VARIABLES } from "./config.ts";
import { FORWARDED_SERVICES, OPEN_PATHS } from "./proxy/forwarded-services.ts";
import { createProxy } from "./proxy/proxy.ts";

runService({
  name: "dashboard",
  command: "npm run dashboard",
  summary: "the dashboard, which serves the page and is the one address in front of all services.",
  manifest: new URL("../package.json", import.meta.url),
  variables: VARIABLES,
  hint: LONE_SERVICE_HINT,
  async assemble(process) {
    const { settings, log, telemetry, lifecycle, tls, version } = process;
    const { ingestUrl: ingest, configUrl: config, reportingUrl: reporting, processingUrl: processing } = settings;
    const serviceKey = settings.serviceKeys[0]!;
    const backends = await openBackends(process);
    lifecycle.add({ name: "backends", stop: backends.close });
    const transport = createPooledTransport({ urls: config, tls, serviceKey });
    const snapshot = createSnapshot({ transport, log, meter: telemetry.meter });
    lifecycle.add({ name: "snapshot", stop: () => snapshot.close().finally(() => transport.close()) });
    const dashboard = createDashboardApp({ records: backends.records, now: () => Date.now(), log, version });
    const urls = { ingest, config, reporting, processing };
    const proxy = createProxy({ urls, tls, serviceKey, authenticateSession: dashboard.authenticate });
    lifecycle.add({ name: "proxy", stop: () => proxy.close() });
    return {
      server: {
        routes: dashboard.routes,
        findHandler: (path) => proxy.findHandler(path) ?? dashboard.findHandler(path),
        openPaths: OPEN_PATHS,
        behind: FORWARDED_SERVICES,
        healthOf: proxy.healthOf,
        authenticate: authenticateServices(settings.serviceKeys, (text) =>
          text?.startsWith(SESSION_PREFIX) ? dashboard.authenticate(text) : snapshot.authenticate(text),
        ),
        isReady: () => backends.records.ready().then(() => true),
      },
      whenListening: () => dashboard.start(),
    };
  },
});
