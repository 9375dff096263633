/** `npm run mesh`: every service twice, as processes of their own, on Kafka, Cassandra and Redis, until Ctrl-C. */
import { join } from "node:path";
import { launchMesh } from "./mesh.ts";

process.stdout.write("Starting Kafka, Cassandra and Redis, then two of each service ...\n");
const dataDirectory = process.env["MILLRACE_DATA_DIR"] ?? ".millrace-mesh";
const stopping = new AbortController();
const mesh = await launchMesh({
  dataDirectory: join(process.cwd(), dataDirectory),
  env: { MILLRACE_LOG_LEVEL: "warn" },
});

function stop(): void {
  if (stopping.signal.aborted) process.exit(1);
  stopping.abort();
  process.stdout.write("\nStopping ...\n");
  mesh.dispose().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error}\n`);
      process.exit(1);
    },
  );
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

const rows = [...mesh.processes.values()].map(
  ({ name, url, adminUrl, pid }) => `  ${name.padEnd(14)} ${url.padEnd(24)} ${adminUrl}/readyz   pid ${pid}`,
);
process.stdout.write(`
  Open   ${await mesh.createLoginUrl()}

  Millrace is ready at ${mesh.url}, which forwards to all services:

${rows.join("\n")}

  Credentials          ${join(mesh.dataDirectory, "credentials.json")}
  Project demo         ${mesh.keys.projectKeys["demo"]}

  MILLRACE_DATA_DIR=${dataDirectory} npx millrace query page_views --by page --last 1h

Ctrl-C stops all of it, and removes what it made in the servers.
`);
for (const process_ of mesh.processes.values()) void watch(process_);

/** Says when a process ends by itself. */
async function watch(process_: (typeof mesh)["processes"] extends ReadonlyMap<string, infer P> ? P : never) {
  const timer = setInterval(() => {
    if (process_.ended === undefined || stopping.signal.aborted) return;
    clearInterval(timer);
    process.stderr.write(`\n${process_.name} has ended:\n${process_.output.slice(-4_000)}\n`);
  }, 500);
}
