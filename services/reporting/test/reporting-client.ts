import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Query, QuerySchema, type Result, type Row } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Cache } from "@millrace/cache";
import { openEmbeddedCache } from "@millrace/cache/embedded";
import type { BlockReader } from "@millrace/cell-store";
import { inProcessTransport } from "@millrace/runtime";
import { metrics } from "@opentelemetry/api";
import { createReportingApp, type ReportingApp, type ReportingLimits } from "../src/index.ts";

/** Reporting over a store, asked as the project's key. */
export type Asked = {
  readonly client: Client<typeof ReportingService>;
  readonly app: ReportingApp;
  readonly cache: Cache;
};

/** Builds reporting for a test. */
export async function askReporting(
  store: BlockReader,
  definitions: () => Definitions,
  now: () => number,
  limits: Partial<ReportingLimits> = {},
  ownCache?: Cache,
): Promise<Asked> {
  const cache = ownCache ?? (await openEmbeddedCache());
  const snapshot = { definitions: async () => definitions(), servedGeneration: async () => 1 };
  const app = createReportingApp({
    cellStore: store,
    cache,
    snapshot,
    clock: { now },
    log: { warn: () => undefined },
    meter: metrics.getMeter("test"),
    limits,
  });
  const principal = { keyId: "k", projectId: "shop", scopes: new Set([Scope.REPORT]) };
  const client = createClient(ReportingService, inProcessTransport(app.routes, { principal }));
  return { client, app, cache };
}

/** A query over a stretch of time in epoch milliseconds. */
export function queryOf(range: readonly [number, number], more: MessageInitShape<typeof QuerySchema> = {}): Query {
  const absolute = { startTime: timestampFromMs(range[0]), endTime: timestampFromMs(range[1]) };
  const timeRange = { kind: { case: "absolute" as const, value: absolute } };
  return create(QuerySchema, { metrics: ["events"], timeRange, ...more } as MessageInitShape<typeof QuerySchema>);
}

/** The values of a row as plain JavaScript. */
export function plainRow(row: Row): unknown[] {
  return row.values.map(({ kind }) => (kind.case === "nullValue" ? null : kind.value));
}

/** The rows of an answer as plain JavaScript. */
export function plainRows(result: Result | undefined): unknown[][] {
  return (result?.rows ?? []).map(plainRow);
}

export function moment(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}
