export type { Finding, Level } from "./finding.ts";
export { migrate } from "./migrate.ts";
export { groupOffsets, type RewindTarget, rewind } from "./offsets/offsets.ts";
export type { RewindPlan, RewindStep } from "./offsets/plan-rewind.ts";
export { parseSavedOffsets, type SavedOffsets } from "./offsets/saved-offsets.ts";
export { type MigrationRequest, TARGETS, type Target } from "./request.ts";
