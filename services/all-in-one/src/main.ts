import { styleText } from "node:util";
import { loadTracker } from "@millrace/ingest";
import { type RunningServer, runService } from "@millrace/runtime";
import { openBackends } from "./backends.ts";
import { banner } from "./banner.ts";
import { NO_PROJECT, VARIABLES } from "./config.ts";
import { ensureFirstStart, type FirstStart } from "./first-start.ts";

import { assembleSystem } from "./system.ts";

runService({
  name: "millrace",
  command: "npm start",
  summary: "every service in one process, on the embedded backends.",
  manifest: new URL("../package.json", import.meta.url),
  variables: VARIABLES,
  // What the command line reads in the same shell.
  alsoKnown: ["MILLRACE_URL", "MILLRACE_KEY", "MILLRACE_PROJECT", "MILLRACE_CONTEXT"],
  async assemble({ settings, log, telemetry, lifecycle, version }) {
    // What is kept tells of people: it is for the user who runs this alone, whatever the folder allows.
    process.umask(0o077);
    const { dataDirectory, host } = settings;
    const demoProject = settings.demoProject === NO_PROJECT ? "" : settings.demoProject;
    const trackerScript = await loadTracker(log);
    const backends = await openBackends(settings, telemetry);
    lifecycle.add({ name: "backends", stop: () => backends.close() });
    const system = assembleSystem({ settings, backends, telemetry, log, version, lifecycle, trackerScript });
    let first: FirstStart;
    let loginPath: string | undefined;
    return {
      server: system.server,
      async whenListening({ url }: RunningServer) {
        // The page is built, where it must be, once everything else is there.
        await system.dashboard.start();
        first = await ensureFirstStart(system.config.bootstrap, { dataDirectory, url, demoProject });
        loginPath = await system.dashboard.createLoginPath();
      },
      whenReady({ adminUrl }: RunningServer) {
        process.stdout.write(banner({ ...first, demoProject, adminUrl, loginPath, host, emphasize }));
      },
    };
  },
});

/** In bold on a terminal, unless NO_COLOR says otherwise. */
function emphasize(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}
