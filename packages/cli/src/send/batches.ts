import type { EventInit, EventMaker } from "./event-maker.ts";
import { withQuiet } from "./linger.ts";
import type { Row } from "./row.ts";
import type { Tally } from "./tally.ts";

/** Events that travel together, and the lines that they come from. */
export type Batch = {
  readonly events: readonly EventInit[];
  readonly lines: readonly number[];
  /** The number of records of the file up to and with the last of these. */
  readonly end: number;
};

/** Which rows of the file are wanted. */
export type Selection = {
  /** How many records are left out first. */
  readonly skip: number;
  /** How many are read then. */
  readonly limit: number;
  /** Records before this one were settled by an earlier run. */
  readonly resumeAt: number;
  /** Events before this many seconds since 1970 are counted as old. */
  readonly oldBefore: number;
};

export const BATCH_EVENTS_MAX = 1_000;
const BATCH_BYTES_MAX = 512 * 1024;

/** For how long events wait for others of their batch, and how often that is looked at. */
const LINGER_MS = 1_000;
const LOOK_MS = 250;

/**
 * Packs rows into batches, at most {@link BATCH_EVENTS_MAX} events and about {@link BATCH_BYTES_MAX} bytes each; where
 * rows come slowly, those of a second. Rows that can not be events are counted as rejected. Ends early, with what was
 * packed, once `stop` is aborted.
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
  const last = selection.skip + selection.limit;
  let make: EventMaker | undefined;
  let draft = new Draft();
  let seen = 0;
  for await (const some of withQuiet(until(rows, stop), LOOK_MS)) {
    for (const row of some ?? []) {
      if (stop.aborted || seen >= last) break;
      seen += 1;
      if (seen <= selection.skip) continue;
      // Only a row that can be read shows which keys there are.
      if (make === undefined && row.problem === undefined) make = options.maker(row);
      // A record that can not be parsed has no number, and so it is told again.
      if (row.position >= 0 && row.position < selection.resumeAt) {
        tally.resumed += 1;
        continue;
      }
      tally.read += 1;
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
      if (!draft.hasRoom(size)) {
        yield draft.batch;
        draft = new Draft();
      }
      if (Number(event.time?.seconds ?? selection.oldBefore) < selection.oldBefore) tally.old += 1;
      draft.add(event, row, size);
    }
    if (stop.aborted || seen >= last) break;
    if (draft.isDue) {
      yield draft.batch;
      draft = new Draft();
    }
  }
  if (!draft.isEmpty) yield draft.batch;
}

/** A batch that is being packed. */
class Draft {
  readonly #events: EventInit[] = [];
  readonly #lines: number[] = [];
  #bytes = 0;
  #end = 0;
  #since = 0;

  get batch(): Batch {
    return { events: this.#events, lines: this.#lines, end: this.#end };
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Whether its first event has waited for long enough. */
  get isDue(): boolean {
    return !this.isEmpty && performance.now() - this.#since >= LINGER_MS;
  }

  hasRoom(bytes: number): boolean {
    return this.#events.length < BATCH_EVENTS_MAX && (this.isEmpty || this.#bytes + bytes <= BATCH_BYTES_MAX);
  }

  add(event: EventInit, { line, position }: Row, bytes: number): void {
    if (this.isEmpty) this.#since = performance.now();
    this.#events.push(event);
    this.#lines.push(line);
    this.#bytes += bytes;
    this.#end = position + 1;
  }
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
