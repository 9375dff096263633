export { checkChange, checkPage, MAX_LIST_RECORDS, MAX_VALUE_BYTES } from "./limits.ts";
export { type Observer, observedRecordStore } from "./observed.ts";
export type { CallOptions, RecordChange, RecordNotice, RecordPage, RecordStore, StoredRecord } from "./record-store.ts";
