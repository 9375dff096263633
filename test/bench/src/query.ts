import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Granularity, type Query, QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { openEmbeddedCache } from "@millrace/cache/embedded";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { createReportingApp } from "@millrace/reporting";
import { createTelemetry, inProcessTransport, silentLogger, startServer } from "@millrace/runtime";
import { createNoopMeter } from "@opentelemetry/api";
import type { Bench } from "./bench.ts";
import { quantile } from "./median.ts";
import { DAY_MS, DAYS, storeDays, TUPLES, tupleDefinitions } from "./stored-days.ts";

const ROUNDS = 20;
const WARM_UP = 5;

type Reporting = Client<typeof ReportingService>;
/** What a question asks beside its range. */
type Question = {
  readonly metrics?: string[];
  readonly dimensions?: string[];
  readonly granularity?: Granularity;
  readonly orderBy?: { field: string; descending: boolean }[];
  readonly limit?: number;
};

export const bench: Bench = {
  about: `queries over ${DAYS} days of ${TUPLES.toLocaleString("en-US")} pages, nothing cached by the service`,
  async run() {
    const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    const endMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const definitions = tupleDefinitions();
    const writing = await openEmbeddedCellStore({ directory });
    await storeDays(writing, definitions, endMs);
    await writing.close();
    // Opened anew: no page of the file is in SQLite's own memory.
    const cellStore = await openEmbeddedCellStore({ directory });
    const principal = { keyId: "bench", projectId: definitions.projectId, scopes: new Set([Scope.REPORT]) };
    const telemetry = await createTelemetry({ service: "reporting", version: "0" });
    const log = silentLogger();
    const app = createReportingApp({
      cellStore,
      cache: await openEmbeddedCache(),
      snapshot: { definitions: async () => definitions, servedGeneration: async () => 1 },
      clock: { now: () => endMs + 1 },
      meter: createNoopMeter(),
      log,
    });
    const server = await startServer({
      service: "reporting",
      version: "0",
      host: "127.0.0.1",
      port: 0,
      adminPort: 0,
      routes: app.routes,
      authenticate: async () => principal,
      log,
      telemetry,
    });
    server.setReady(true);
    const here = createClient(ReportingService, inProcessTransport(app.routes, { principal }));
    const there = createClient(ReportingService, createGrpcTransport({ baseUrl: server.url }));
    const hours = ofDays(1, endMs, { granularity: Granularity.GRANULARITY_1H });
    const pages = { dimensions: ["page"], orderBy: [{ field: "page_views", descending: true }], limit: 10 };
    const top = ofDays(DAYS, endMs, pages);
    const visitors = { ...top, metrics: ["page_views", "visitors"] };
    try {
      return [
        ...(await figuresOf("a day by hour", there, hours, 24, 10)),
        ...(await figuresOf("a day by hour, without the socket", here, hours, 24)),
        ...(await figuresOf(`top 10 over ${DAYS} days`, there, top, 10, 100)),
        ...(await figuresOf(`top 10 over ${DAYS} days, without the socket`, here, top, 10)),
        ...(await figuresOf(`top 10 over ${DAYS} days, with visitors`, there, visitors, 10)),
      ];
    } finally {
      await server.close();
      app.close();
      await cellStore.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

function ofDays(days: number, endMs: number, more: Question): Query {
  const value = { startTime: timestampFromMs(endMs - days * DAY_MS), endTime: timestampFromMs(endMs) };
  return create(QuerySchema, { metrics: ["page_views"], ...more, timeRange: { kind: { case: "absolute", value } } });
}

/** Asks again and again; p50 and p95 in milliseconds. */
async function figuresOf(what: string, reporting: Reporting, query: Query, rows: number, goalMs?: number) {
  const times: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const began = performance.now();
    const { result } = await reporting.query({ query });
    if (round >= 0) times.push(performance.now() - began);
    if (result?.rows.length !== rows) throw new Error(`${what}: ${result?.rows.length} rows instead of ${rows}`);
  }
  return [
    { what: `${what}, p50`, value: quantile(times, 0.5), unit: "ms" },
    { what: `${what}, p95`, value: quantile(times, 0.95), unit: "ms", ...(goalMs && { goal: { atMost: goalMs } }) },
  ];
}
