import type { Cache } from "@millrace/cache";
import type { BlockReader } from "@millrace/cell-store";
import type { Snapshot } from "@millrace/snapshot";
import type { Tracer } from "@opentelemetry/api";
import type { ReportingLimits } from "./limits.ts";
import type { ReportingMetrics } from "./metrics.ts";

/** What the handlers are made from. */
export type Dependencies = {
  readonly store: BlockReader;
  readonly cache: Cache;
  readonly snapshot: Pick<Snapshot, "definitions" | "servedGeneration">;
  readonly clock: { now(): number };
  readonly log: { warn(fields: object, message: string): void };
  readonly limits: ReportingLimits;
  readonly metrics: ReportingMetrics;
  readonly tracer: Tracer;
  /** Aborts when the service drains. */
  readonly draining: AbortSignal;
};
