import type { EventInit, EventMaker } from "./event-maker.ts";
import type { Row } from "./row.ts";
import type { Tally } from "./tally.ts";

/** Events that travel together, and the lines that they come from. */
export type Batch = { readonly events: readonly EventInit[]; readonly lines: readonly number[] };

/** Which rows of the file are wanted. */
export type Selection = {
  /** How many records are left out first. */
  readonly skip: number;
  /** How many are read then. */
  readonly limit: number;
  /** Events before this many seconds since 1970 are counted as old. */
  readonly oldBefore: number;
};

export const BATCH_EVENTS_MAX = 1_000;
const BATCH_BYTES_MAX = 512 * 1024;

/**
 * Packs rows into batches, at most {@link BATCH_EVENTS_MAX} events and about {@link BATCH_BYTES_MAX} bytes each. Rows
 * that can not be events are counted as rejected. Ends early, with what was packed, once `stop` is aborted.
 */
export async function* packBatches(
  rows: AsyncIterable<readonly Row[]>,
  options: {
    readonly maker: (example: Row) => EventMaker;
    readonly selection: Selection;
    readonly tally: Tally;
    readonly stop: AbortSignal;
  },
): AsyncGenerator<Batch> {
  const { selection, tally, stop } = options;
  const end = selection.skip + selection.limit;
  let make: EventMaker | undefined;
  let events: EventInit[] = [];
  let lines: number[] = [];
  let bytes = 0;
  let seen = 0;
  for await (const some of until(rows, stop)) {
    for (const row of some) {
      if (stop.aborted || seen >= end) break;
      seen += 1;
      if (seen <= selection.skip) continue;
      tally.read += 1;
      // Only a row that can be read shows which keys there are.
      if (make === undefined && row.problem === undefined) make = options.maker(row);
      const event = make === undefined ? (row.problem ?? "") : make(row);
      if (typeof event === "string") {
        tally.reject({ line: row.line, reason: "UNREADABLE", message: event });
        continue;
      }
      const size = bytesOf(event);
      if (size > BATCH_BYTES_MAX) {
        tally.reject({ line: row.line, reason: "EVENT_TOO_LARGE", message: `the event has about ${size} bytes` });
        continue;
      }
      if (events.length >= BATCH_EVENTS_MAX || bytes + size > BATCH_BYTES_MAX) {
        yield { events, lines };
        events = [];
        lines = [];
        bytes = 0;
      }
      if (Number(event.time?.seconds ?? selection.oldBefore) < selection.oldBefore) tally.old += 1;
      events.push(event);
      lines.push(row.line);
      bytes += size;
    }
    if (stop.aborted || seen >= end) break;
  }
  if (events.length > 0) yield { events, lines };
}

/** Once stopped, a source that was closed under its reader ends without an error. */
async function* until<T>(items: AsyncIterable<T>, stop: AbortSignal): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

/** About as many bytes as the event has when encoded; never far less. */
function bytesOf(event: EventInit): number {
  let bytes = 64;
  for (const text of [event.name, event.userId, event.anonymousId, event.sessionId, event.eventId]) {
    if (text !== undefined) bytes += 3 + Buffer.byteLength(text);
  }
  for (const [key, value] of Object.entries(event.properties ?? {})) {
    bytes += 16 + Buffer.byteLength(key);
    if (typeof value === "string") bytes += Buffer.byteLength(value);
    else if (typeof value === "object") bytes += 2 * Buffer.byteLength(JSON.stringify(value));
  }
  return bytes;
}
