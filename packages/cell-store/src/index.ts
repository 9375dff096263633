export type {
  BlockKey,
  BlockRange,
  BlockReader,
  BlockWriter,
  CallOptions,
  CellStore,
  SeriesKey,
  StoredBlock,
  StoredState,
} from "./cell-store.ts";
export { checkBlocks, checkRange, checkStates, MAX_BLOB_BYTES, MAX_STATE_BYTES } from "./limits.ts";
