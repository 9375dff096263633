export type {
  BlockKey,
  BlockRange,
  BlockReader,
  BlockWrite,
  BlockWriter,
  CallOptions,
  CellStore,
  SeriesKey,
  StoredBlock,
  StoredState,
} from "./cell-store.ts";
export { checkBlocks, checkRange, checkStates, MAX_BLOB_BYTES, MAX_STATE_BYTES } from "./limits.ts";
export {
  decodeLiveMessage,
  encodeLiveMessage,
  type LiveMessage,
  liveChannel,
  watchedKey,
} from "./live-message.ts";
export { type Observer, observedCellStore } from "./observed.ts";
export { WATERMARK_KIND, type Watermark, watermarkOf, watermarkState } from "./watermark.ts";
