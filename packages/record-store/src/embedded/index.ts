export { type EmbeddedRecordStoreOptions, openEmbeddedRecordStore } from "./embedded-record-store.ts";
