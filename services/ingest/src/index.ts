export { createIngestApp, type IngestApp, type IngestOptions } from "./app.ts";
export type { IngestSnapshot } from "./caller.ts";
export { BATCH_LIMITS, EVENT_LIMITS } from "./event-limits.ts";
export type { TrackerScript } from "./http/get-tracker-script.ts";
export { loadTracker } from "./http/load-tracker.ts";
export { INGEST_VARIABLES } from "./ingest-variables.ts";
export { DEFAULT_INGEST_LIMITS, type IngestLimits } from "./limits.ts";
export { partitionOf, type StampRules, stampRulesOf } from "./stamp-rules.ts";
