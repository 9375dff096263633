import type { RecordChange, RecordStore } from "../record-store.ts";

/** A change of the project "shop", with what the test cares about. */
export function changeOf(
  expectedVersion: number,
  text: string | undefined,
  part: Partial<RecordChange> = {},
): RecordChange {
  const value = text === undefined ? undefined : new TextEncoder().encode(text);
  return { collection: "project", id: "shop", expectedVersion, value, ...part };
}

/** The text of a record's value; `undefined` for none. */
export async function readText(store: RecordStore, id = "shop"): Promise<string | undefined> {
  const record = await store.get("project", id);
  return record === undefined ? undefined : new TextDecoder().decode(record.value);
}
