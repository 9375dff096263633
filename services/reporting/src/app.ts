import type { ConnectRouter } from "@connectrpc/connect";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Cache } from "@millrace/cache";
import type { BlockReader } from "@millrace/cell-store";
import { Failure } from "@millrace/failure";
import type { Snapshot } from "@millrace/snapshot";
import { type Meter, type Tracer, trace } from "@opentelemetry/api";
import { createGetCatalog } from "./get-catalog.ts";
import { DEFAULT_LIMITS, type ReportingLimits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { createQuery } from "./query.ts";
import { createTail } from "./tail.ts";
import { createWatch } from "./watch.ts";

/** What reporting is built from. */
export type ReportingDeps = {
  readonly cellStore: BlockReader;
  readonly cache: Cache;
  readonly snapshot: Pick<Snapshot, "definitions" | "servedGeneration">;
  readonly clock: { now(): number };
  readonly log: { warn(fields: object, message: string): void };
  readonly meter: Meter;
  /** Where the spans of watched questions go; the process's own unless given. */
  readonly tracer?: Tracer;
  readonly limits?: Partial<ReportingLimits>;
};

/** Reporting, ready to be asked. */
export type ReportingApp = {
  /** Adds ReportingService. */
  routes(router: ConnectRouter): void;
  /** Ends the watches and tails with `unavailable` (DRAINING); questions being answered are left to finish. Idempotent. */
  drain(): void;
  /** Drains. Idempotent. */
  close(): Promise<void>;
};

/** Builds reporting. It starts nothing of its own: every question is answered in its own call. */
export function createReportingApp(deps: ReportingDeps): ReportingApp {
  const { cellStore: store, cache, snapshot, clock, log } = deps;
  const draining = new AbortController();
  const dependencies = {
    store,
    cache,
    snapshot,
    clock,
    log,
    limits: { ...DEFAULT_LIMITS, ...deps.limits },
    metrics: createMetrics(deps.meter),
    tracer: deps.tracer ?? trace.getTracer("millrace"),
    draining: draining.signal,
  };
  const query = createQuery(dependencies);
  const watch = createWatch(dependencies);
  const tail = createTail(dependencies);
  const getCatalog = createGetCatalog(dependencies);
  const reason = new Failure("unavailable", "DRAINING", "the server is being stopped; call again");
  return {
    routes: (router) => void router.service(ReportingService, { query, watch, tail, getCatalog }),
    drain: () => draining.abort(reason),
    close: async () => draining.abort(reason),
  };
}
