import { styleText } from "node:util";
import { Failure } from "@millrace/failure";
import { createLifecycle, createLogger, createTelemetry, describeVariables, parseEnvironment } from "@millrace/runtime";
import { openBackends } from "./backends.ts";
import { banner } from "./banner.ts";
import { NO_PROJECT, VARIABLES } from "./config.ts";
import { ensureFirstStart } from "./first-start.ts";
import { loadTracker } from "./load-tracker.ts";
import type { Settings } from "./services.ts";
import { assembleSystem } from "./system.ts";
import { VERSION } from "./version.ts";

const USAGE = `millrace ${VERSION}: every service in one process, on the embedded backends.

Usage: npm start

Environment variables:
`;

/** What the command line reads in the same shell. */
const COMMAND_LINE_VARIABLES = ["MILLRACE_URL", "MILLRACE_KEY", "MILLRACE_PROJECT", "MILLRACE_CONTEXT"];

async function main(): Promise<void> {
  if (process.argv.includes("--help") || process.argv.includes("-h")) {
    process.stdout.write(`${USAGE}${describeVariables(VARIABLES)}\n`);
    return;
  }
  // What is kept tells of people: it is for the user who runs this alone, whatever the folder allows.
  process.umask(0o077);
  const warnings: string[] = [];
  const settings = parseEnvironment(VARIABLES, process.env, {
    onWarning: (warning) => warnings.push(warning),
    alsoKnown: COMMAND_LINE_VARIABLES,
  });
  const log = createLogger({ service: "millrace", level: settings.logLevel, pretty: settings.prettyLog });
  for (const warning of warnings) log.warn(warning);
  const telemetry = await createTelemetry({ service: "millrace", version: VERSION, env: process.env });
  await run(settings, log, telemetry);
}

/** In bold on a terminal, unless NO_COLOR says otherwise. */
function emphasize(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

async function run(
  settings: Settings,
  log: ReturnType<typeof createLogger>,
  telemetry: Awaited<ReturnType<typeof createTelemetry>>,
): Promise<void> {
  const lifecycle = createLifecycle({ log, deadlineMs: settings.shutdownDeadlineMs });
  const trackerScript = await loadTracker(log);
  const backends = await openBackends(settings, telemetry);
  lifecycle.add({ name: "telemetry", stop: () => telemetry.shutdown() });
  lifecycle.add({ name: "backends", stop: () => backends.close() });
  const system = assembleSystem({ settings, backends, telemetry, log, version: VERSION, lifecycle, trackerScript });
  lifecycle.add({
    name: "first start",
    async start() {
      const { url, adminUrl, setReady } = system.server();
      const { dataDirectory } = settings;
      const demoProject = settings.demoProject === NO_PROJECT ? "" : settings.demoProject;
      const { credentials, path } = await ensureFirstStart(system.config.bootstrap, {
        dataDirectory,
        url,
        demoProject,
      });
      const loginPath = await system.dashboard.createLoginPath();
      setReady(true);
      process.stdout.write(
        banner({ credentials, demoProject, adminUrl, path, loginPath, host: settings.host, emphasize }),
      );
    },
  });
  await lifecycle.run();
}

main().catch((error: unknown) => {
  // A failure is written for people; anything else is a defect, and its trace is of use.
  process.stderr.write(`${error instanceof Failure ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
