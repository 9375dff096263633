import { readFileSync } from "node:fs";
import { Failure } from "@millrace/failure";
import { describeVariables } from "../env/describe-variables.ts";
import { KNOWN_ELSEWHERE } from "../env/known-elsewhere.ts";
import { parseEnvironment, type Values, type VariableTable } from "../env/parse-environment.ts";
import type { SERVER_VARIABLES } from "../env/server-variables.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import type { RunningServer, ServerOptions } from "../server/server-options.ts";
import { startServer } from "../server/start-server.ts";
import { createDrainMetrics } from "../telemetry/drain-metrics.ts";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.ts";
import { openServiceTls, type ServiceTls } from "../tls/service-tls.ts";
import { createLifecycle, type Lifecycle, STOP_SIGNALS } from "./lifecycle.ts";

/** The table of a process with a server. */
export type ServiceTable = VariableTable & typeof SERVER_VARIABLES;

/** What a service says of itself. */
export type ServiceProgram<Table extends ServiceTable> = {
  /** In logs, metrics and traces, such as "ingest". */
  readonly name: string;
  /** How it is started, such as "npm run ingest". */
  readonly command: string;
  /** What it does, as `--help` begins. */
  readonly summary: string;
  /** Its package.json, which has the version. */
  readonly manifest: URL;
  readonly variables: Table;
  /** Variables that others read in the same environment, so that they are known. By default, those of other services. */
  readonly alsoKnown?: readonly string[];
  /** What helps whoever left out a variable that is required. */
  readonly hint?: string;
  /** Opens what the service needs, adds it to the lifecycle, and says what is served. The server starts after all that. */
  readonly assemble: (process: ServiceProcess<Values<Table>>) => Promise<Served> | Served;
};

/** What a service is assembled from. */
export type ServiceProcess<Settings> = {
  readonly settings: Settings;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly lifecycle: Lifecycle;
  /** For the calls to other services. */
  readonly tls: ServiceTls;
  readonly version: string;
};

/** What a service serves; the rest of a server's options are its variables'. */
export type Served = {
  readonly server: Pick<ServerOptions, "routes" | "authenticate"> &
    Partial<Pick<ServerOptions, "rawHandlers" | "findHandler" | "limits" | "isReady" | "behind" | "healthOf">> & {
      /** Paths that web pages of any origin may call. */
      readonly openPaths?: readonly string[];
    };
  /** Called when the server listens and before it says that it is ready; what it takes to be known as started. */
  readonly whenListening?: (server: RunningServer) => Promise<void> | void;
  /** Called when the server said that it is ready. */
  readonly whenReady?: (server: RunningServer) => Promise<void> | void;
};

/** What a lone service says when it was not told where its servers are. */
export const LONE_SERVICE_HINT =
  "A service by itself needs servers, and says by --help what each variable is.\n" +
  "To run all services in one process, which needs none of this: npm start\n";

/**
 * Runs a service as this process: `--help`, the environment, log, telemetry, then what the service assembles, its server,
 * signals, and the exit code (0 after a signal, 1 after a failure, which is told on standard error).
 */
export function runService<const Table extends ServiceTable>(program: ServiceProgram<Table>): void {
  start(program).catch((error: unknown) => {
    // A failure is written for people; anything else is a defect, and its trace is of use.
    const text = error instanceof Failure ? error.message : error instanceof Error ? error.stack : String(error);
    const isLeftOut = error instanceof Failure && error.violations.some((each) => /^is not set/.test(each.description));
    process.stderr.write(`${text}\n${isLeftOut && program.hint ? `\n${program.hint}` : ""}`);
    process.exit(1);
  });
}

async function start<const Table extends ServiceTable>(program: ServiceProgram<Table>): Promise<void> {
  const version: string = JSON.parse(readFileSync(program.manifest, "utf8")).version;
  if (process.argv.includes("--help") || process.argv.includes("-h")) {
    const head = `millrace ${version}: ${program.summary}\n\nUsage: ${program.command}\n\nEnvironment variables:\n`;
    process.stdout.write(`${head}${describeVariables(program.variables)}\n`);
    return;
  }
  const warnings: string[] = [];
  const settings = parseEnvironment(program.variables, process.env, {
    onWarning: (warning) => warnings.push(warning),
    alsoKnown: program.alsoKnown ?? KNOWN_ELSEWHERE,
  });
  // The table has the server's variables, which the compiler can not see through its type parameter.
  const serverSettings = settings as unknown as Values<typeof SERVER_VARIABLES>;
  const { logLevel: level, prettyLog: pretty, shutdownDeadlineMs: deadlineMs } = serverSettings;
  const log = createLogger({ service: program.name, level, pretty });
  for (const warning of warnings) log.warn(warning);
  const telemetry = await createTelemetry({ service: program.name, version, env: process.env });
  const lifecycle = createLifecycle({ log, deadlineMs, drains: createDrainMetrics(telemetry.meter) });
  lifecycle.add({ name: "telemetry", stop: () => telemetry.shutdown() });
  const isAssembled = endOnSignals();
  const tls = await openServiceTls(serverSettings, { log, meter: telemetry.meter, now: () => Date.now() });
  lifecycle.add({ name: "tls", stop: () => tls.close() });
  const served = await program.assemble({ settings, log, telemetry, lifecycle, tls, version });
  addServer(lifecycle, served, { service: program.name, version, log, telemetry, tls, ...serverSettings });
  isAssembled();
  await lifecycle.run();
}

/**
 * Ends the process with 0 at the first SIGTERM or SIGINT, until the function given is called: what only waits for its
 * servers has nothing to finish. Without a listener the first process of a container would not even be told.
 */
function endOnSignals(): () => void {
  const end = () => process.exit(0);
  for (const signal of STOP_SIGNALS) process.on(signal, end);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, end);
  };
}

type ServerFacts = Values<typeof SERVER_VARIABLES> & {
  readonly service: string;
  readonly version: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly tls: ServiceTls;
};

function addServer(
  lifecycle: Lifecycle,
  { server: given, whenListening, whenReady }: Served,
  facts: ServerFacts,
): void {
  const { openPaths = [], ...parts } = given;
  const { log, service, version, telemetry, tls, host, port, adminHost, adminPort } = facts;
  let server: RunningServer | undefined;
  lifecycle.add({
    name: "server",
    async start() {
      server = await startServer({
        ...{ service, version, telemetry, tls, host, port, adminHost, adminPort },
        revision: facts.revision,
        ...parts,
        log: log.child({ part: "server" }),
        reflection: facts.reflection,
        cors: { origins: facts.corsOrigins, openPaths },
        trustedProxies: facts.trustedProxies,
        drainDelayMs: facts.drainDelayMs,
      });
    },
    drain: () => server?.drain(),
    stop: () => server?.close(),
  });
  lifecycle.add({
    name: "readiness",
    async start() {
      await whenListening?.(server!);
      server!.setReady(true);
      await whenReady?.(server!);
      log.info({ url: server!.url, adminUrl: server!.adminUrl }, "serving");
    },
  });
}
