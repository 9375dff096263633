import { Failure } from "@millrace/failure";
import type { RecordStore } from "@millrace/record-store";
import { isStale, putSettled } from "../store/put-settled.ts";

/** The secrets of the days, by day. */
export const VISITOR_SALT_COLLECTION = "visitor_salt";

const SALT_BYTES = 32;
const DAY_MS = 86_400_000;
/** There are at most three at a time; more only after a clock was wrong. */
const LISTED_MAX = 100;

/** The secret of a day. */
export type VisitorSalt = { readonly date: string; readonly salt: Uint8Array };

/** The secrets that pseudonyms are made with: one a day in UTC, kept until the next day has ended. */
export class VisitorSaltRecords {
  readonly #records: RecordStore;
  readonly #random: (size: number) => Uint8Array;

  constructor(records: RecordStore, random: (size: number) => Uint8Array) {
    this.#records = records;
    this.#random = random;
  }

  /** The secret of the day that holds `timeMs`, made if there is none. Whoever asks, the answer is the same. */
  async ofDay(timeMs: number): Promise<VisitorSalt> {
    const date = dateOf(timeMs);
    const salt = (await this.#find(date)) ?? (await this.#make(date));
    return { date, salt };
  }

  /** Deletes the secrets of all days before yesterday; gives how many. */
  async forgetBefore(nowMs: number): Promise<number> {
    const yesterday = dateOf(nowMs - DAY_MS);
    let forgotten = 0;
    for (const { id, version } of await this.#records.list(VISITOR_SALT_COLLECTION, { limit: LISTED_MAX })) {
      if (id >= yesterday) break;
      const gone = { collection: VISITOR_SALT_COLLECTION, id, expectedVersion: version, value: undefined };
      // Another replica forgets as well.
      await this.#records.put(gone).catch((error: unknown) => {
        if (!isStale(error)) throw error;
      });
      forgotten++;
    }
    return forgotten;
  }

  async #make(date: string): Promise<Uint8Array> {
    const value = this.#random(SALT_BYTES);
    try {
      await putSettled(this.#records, { collection: VISITOR_SALT_COLLECTION, id: date, expectedVersion: 0, value });
      return value;
    } catch (error) {
      const first = isStale(error) ? await this.#find(date) : undefined;
      if (first === undefined) throw error;
      return first;
    }
  }

  async #find(date: string): Promise<Uint8Array | undefined> {
    const record = await this.#records.get(VISITOR_SALT_COLLECTION, date);
    if (record === undefined) return undefined;
    if (record.value.length === SALT_BYTES) return record.value;
    throw new Failure("corrupt", "DATA_CORRUPT", `the visitors' secret of ${date} is not ${SALT_BYTES} bytes long`);
  }
}

/** The day, in UTC, such as "2026-01-31". */
function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
