import { CURRENT_VERSION } from "@millrace/enrichment";
import { authenticateServices, LONE_SERVICE_HINT, runService } from "@millrace/runtime";
import { createConfigApp } from "./app.ts";
import { openBackends } from "./backends.ts";
import { VARIABLES } from "./config.ts";

runService({
  name: "config",
  command: "npm run config",
  summary: "config, which keeps projects, keys, metrics and rollups.",
  manifest: new URL("../package.json", import.meta.url),
  variables: VARIABLES,
  hint: LONE_SERVICE_HINT,
  async assemble(process) {
    const { settings, log, telemetry, lifecycle } = process;
    const backends = await openBackends(process);
    lifecycle.add({ name: "backends", stop: backends.close });
    const { processingVersion = CURRENT_VERSION } = settings;
    const config = createConfigApp({
      records: backends.records,
      clock: () => Date.now(),
      log,
      meter: telemetry.meter,
      processingVersion,
    });
    lifecycle.add({ name: "config", start: () => config.start(), stop: () => config.close() });
    return {
      server: {
        routes: config.routes,
        authenticate: authenticateServices(settings.serviceKeys, config.authenticate),
        isReady: () => config.ready().then(() => true),
      },
      async whenListening() {
        if (settings.adminKey !== undefined) await config.bootstrap.ensureAdminKey(settings.adminKey);
        else if (!(await config.bootstrap.hasAdmin())) {
          log.warn("no key may manage the account; give one by MILLRACE_ADMIN_KEY, as docs/operating.md tells");
        }
      },
    };
  },
});
