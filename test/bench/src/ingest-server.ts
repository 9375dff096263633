/** A process with nothing but ingest: `node ingest-server.ts memory|durable DIRECTORY`. It answers "usage" by message. */
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { createIngestApp } from "@millrace/ingest";
import { forgetfulLog } from "@millrace/ingest/bench";
import { createLogger, createTelemetry, startServer } from "@millrace/runtime";
import { webSnapshot } from "./web-project.ts";

const PARTITIONS = 4;

const [kind = "memory", directory = ":memory:"] = process.argv.slice(2);
const eventLog =
  kind === "durable" ? await openEmbeddedEventLog({ directory, partitions: PARTITIONS }) : forgetfulLog(PARTITIONS);
const snapshot = webSnapshot(PARTITIONS);
const principal = { keyId: "bench", projectId: "site", scopes: new Set([Scope.INGEST]) };
const telemetry = await createTelemetry({ service: "ingest", version: "0" });
const log = createLogger({ service: "ingest", level: "warn", pretty: false });
const authenticate = async () => principal;
const app = createIngestApp({
  eventLog,
  snapshot: { ...snapshot, authenticate },
  clock: Date,
  log,
  meter: telemetry.meter,
});
const server = await startServer({
  service: "ingest",
  version: "0",
  host: "127.0.0.1",
  port: 0,
  adminPort: 0,
  routes: app.routes,
  rawHandlers: app.rawHandlers,
  authenticate,
  log,
  telemetry,
  limits: { http2: { streamWindowBytes: 65_535 } },
});
server.setReady(true);
process.once("SIGTERM", () => process.exit(0));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!((user + system) / 1e6);
});
process.send!(server.url);
// Whoever started it is gone.
process.once("disconnect", () => process.exit(1));
