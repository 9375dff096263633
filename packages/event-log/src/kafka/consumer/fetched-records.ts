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

/**
 * Leaves out what lies before the offset that was asked for, as batches come whole, and Kafka's own records.
 *
 * @param apart whether the values are copied out of the response, so that they do not keep what it holds of other
 *   partitions in memory
 */
export function foundIn(fetched: FetchedPartition, from: number, apart = false): Found {
  const records: LogRecord[] = [];
  let nextOffset = from;
  for (const message of fetched.messages) {
    const offset = Number(message.offset);
    if (offset < nextOffset) continue;
    nextOffset = offset + 1;
    if (message.isControlRecord) continue;
    const record = { offset, appendTimeMs: Number(message.timestamp), value: message.value ?? EMPTY };
    const trace = message.headers?.["traceparent"];
    records.push(Buffer.isBuffer(trace) ? { ...record, traceparent: trace.toString("latin1") } : record);
  }
  return { records: apart ? copied(records) : records, nextOffset, end: Number(fetched.highWatermark) };
}

function copied(records: readonly LogRecord[]): LogRecord[] {
  const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
  const memory = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  return records.map((record) => {
    memory.set(record.value, at);
    at += record.value.length;
    return { ...record, value: memory.subarray(at - record.value.length, at) };
  });
}

/** A partition's part of a fetch request. */
export function fetchOf(partition: number, from: number, maxBytes: number): FetchRequestPartition {
  return { partition, fetchOffset: String(from), maxBytes };
}

const EMPTY = new Uint8Array(0);
