import { Failure } from "@millrace/failure";
import type { RecordChange, RecordStore } from "@millrace/record-store";

const ATTEMPTS_MAX = 3;

/**
 * Makes one change and knows, when it resolves or fails with `stale`, whether it was made: where the store does not, it
 * reads the record again. What is written is then told apart from what others wrote by its bytes, so two writers of
 * equal bytes may both take the write for theirs, which is as good; and a write that others have changed over by then
 * is reported as `stale`, as if it had not been made.
 *
 * @returns the record's version
 * @throws Failure `stale` when the record has another version; whatever else the store fails with
 */
export async function putSettled(
  records: RecordStore,
  change: RecordChange & { readonly value: Uint8Array },
  signal?: AbortSignal,
): Promise<number> {
  const options = signal === undefined ? {} : { signal };
  for (let attempt = 1; ; attempt++) {
    try {
      return await records.put(change, options);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "unknownOutcome") throw error;
      const found = await records.get(change.collection, change.id, options);
      const version = found?.version ?? 0;
      if (version === change.expectedVersion && attempt < ATTEMPTS_MAX) continue;
      if (version === change.expectedVersion) throw error;
      if (found !== undefined && Buffer.compare(found.value, change.value) === 0) return version;
      throw new Failure("stale", "ETAG_MISMATCH", "the record was changed by another writer", { cause: error });
    }
  }
}

/** Whether an error is a failure of the kind `stale`. */
export function isStale(error: unknown): error is Failure {
  return error instanceof Failure && error.kind === "stale";
}
