export { DEFAULT_LIMITS, type SnapshotLimits } from "./limits.ts";
export type { KeyHolder } from "./origin.ts";
export {
  type CallOptions,
  createSnapshot,
  type Snapshot,
  type SnapshotLog,
  type SnapshotOptions,
} from "./snapshot.ts";
