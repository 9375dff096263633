import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Granularity, type Query, QuerySchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { openEmbeddedCache } from "@millrace/cache/embedded";
import type { CellStore } from "@millrace/cell-store";
import { createReportingApp } from "@millrace/reporting";
import { createTelemetry, inProcessTransport, silentLogger, startServer } from "@millrace/runtime";
import { createNoopMeter } from "@opentelemetry/api";
import type { Figure } from "./bench.ts";
import { quantile } from "./median.ts";
import { DAY_MS } from "./stored-days.ts";

const ROUNDS = 20;
const WARM_UP = 5;

/** Who answers: over a socket, as clients ask, and without. */
export type Askable = { readonly there: Reporting; readonly here: Reporting };
type Reporting = Client<typeof ReportingService>;
/** What a question asks beside its range. */
type Question = {
  readonly metrics?: string[];
  readonly dimensions?: string[];
  readonly granularity?: Granularity;
  readonly orderBy?: { field: string; descending: boolean }[];
  readonly limit?: number;
};

/** Starts reporting over stored days, asks it, and stops it. */
export async function askReporting(
  cellStore: CellStore,
  definitions: Definitions,
  endMs: number,
  ask: (who: Askable) => Promise<Figure[]>,
): Promise<Figure[]> {
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
  try {
    return await ask({ here, there });
  } finally {
    await server.close();
    app.close();
  }
}

/** A question about the days before `endMs`. */
export function ofDays(days: number, endMs: number, more: Question): Query {
  const value = { startTime: timestampFromMs(endMs - days * DAY_MS), endTime: timestampFromMs(endMs) };
  return create(QuerySchema, { metrics: ["page_views"], ...more, timeRange: { kind: { case: "absolute", value } } });
}

/** Asks again and again; p50 and p95 in milliseconds, and the mean of this process's processor time, who asks included. */
export async function figuresOf(what: string, reporting: Reporting, query: Query, rows: number, goalMs?: number) {
  const times: number[] = [];
  let cpu = process.cpuUsage();
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    if (round === 0) cpu = process.cpuUsage();
    const began = performance.now();
    const { result } = await reporting.query({ query });
    if (round >= 0) times.push(performance.now() - began);
    if (result?.rows.length !== rows) throw new Error(`${what}: ${result?.rows.length} rows instead of ${rows}`);
  }
  const { user, system } = process.cpuUsage(cpu);
  return [
    { what: `${what}, p50`, value: quantile(times, 0.5), unit: "ms" },
    { what: `${what}, p95`, value: quantile(times, 0.95), unit: "ms", ...(goalMs && { goal: { atMost: goalMs } }) },
    { what: `${what}, processor time`, value: (user + system) / 1_000 / ROUNDS, unit: "ms" },
  ];
}
