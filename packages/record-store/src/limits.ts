import { Failure } from "@millrace/failure";
import type { RecordChange, RecordPage } from "./record-store.ts";

/** The largest value of a record, in bytes, inclusive. */
export const MAX_VALUE_BYTES = 1024 * 1024;
/** The most records that one call lists. */
export const MAX_LIST_RECORDS = 1_000;

const MAX_COLLECTION_BYTES = 64;
const MAX_ID_BYTES = 256;

/** Refuses with `invalid` a change that no backend takes, before anything is written. */
export function checkChange(change: RecordChange): void {
  checkName(change.collection, change.id);
  checkInteger("expected_version", change.expectedVersion, 0, Number.MAX_SAFE_INTEGER - 1);
  if (change.value === undefined && change.expectedVersion === 0) {
    throw Failure.invalidField("expected_version", "is 0; what does not exist cannot be deleted");
  }
  const bytes = change.value?.byteLength ?? 0;
  if (bytes <= MAX_VALUE_BYTES) return;
  throw Failure.invalidField("value", `has ${bytes} bytes; a record may have ${MAX_VALUE_BYTES}`, "MESSAGE_TOO_LARGE");
}

/** Refuses with `invalid` a name that no record can have. */
export function checkName(collection: string, id: string): void {
  checkText("collection", collection, 1, MAX_COLLECTION_BYTES);
  checkText("id", id, 1, MAX_ID_BYTES);
}

/** Refuses with `invalid` a page that cannot be listed. */
export function checkPage(collection: string, page: RecordPage): void {
  checkText("collection", collection, 1, MAX_COLLECTION_BYTES);
  checkText("prefix", page.prefix ?? "", 0, MAX_ID_BYTES);
  checkText("after_id", page.afterId ?? "", 0, MAX_ID_BYTES);
  checkInteger("limit", page.limit, 1, MAX_LIST_RECORDS);
}

function checkText(field: string, text: string, least: number, most: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes < least || bytes > most) {
    throw Failure.invalidField(field, `has ${bytes} bytes; allowed are ${least} to ${most}`);
  }
  // Text that is no Unicode would come back as other text than was stored.
  if (!text.isWellFormed() || text.includes("\0")) throw Failure.invalidField(field, "is not valid text");
}

function checkInteger(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw Failure.invalidField(field, `is ${value}; allowed are whole numbers from ${least} to ${most}`);
}
