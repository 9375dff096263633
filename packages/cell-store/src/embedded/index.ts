export { type EmbeddedCellStoreOptions, openEmbeddedCellStore } from "./embedded-cell-store.ts";
