import type { LogRecord } from "../../event-log.ts";
import type { FetchedPartition, FetchRequestPartition } from "./cluster-link.ts";

/** What a fetch found of one partition, from the offset that was asked for. */
export type Found = {
  readonly records: readonly LogRecord[];
  /** The offset after the last that was found, records of Kafka's own included. */
  readonly nextOffset: number;
  /** The offset that the next appended record will get. */
  readonly end: number;
};

/** Leaves out what lies before the offset that was asked for, as batches come whole, and Kafka's own records. */
export function foundIn(fetched: FetchedPartition, from: number): Found {
  const records: LogRecord[] = [];
  let nextOffset = from;
  for (const message of fetched.messages) {
    const offset = Number(message.offset);
    if (offset < nextOffset) continue;
    nextOffset = offset + 1;
    if (message.isControlRecord) continue;
    records.push({ offset, appendTimeMs: Number(message.timestamp), value: message.value ?? EMPTY });
  }
  return { records, nextOffset, end: Number(fetched.highWatermark) };
}

/** A partition's part of a fetch request. */
export function fetchOf(partition: number, from: number, maxBytes: number): FetchRequestPartition {
  return { partition, fetchOffset: String(from), maxBytes };
}

const EMPTY = new Uint8Array(0);
