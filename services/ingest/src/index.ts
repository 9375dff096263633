export { createIngestApp, type IngestApp, type IngestOptions } from "./app.ts";
export type { IngestSnapshot } from "./caller.ts";
export { BATCH_LIMITS, EVENT_LIMITS } from "./event-limits.ts";
export { type TrackerScript, trackerScriptOf } from "./http/get-tracker-script.ts";
export { DEFAULT_INGEST_LIMITS, type IngestLimits } from "./limits.ts";
