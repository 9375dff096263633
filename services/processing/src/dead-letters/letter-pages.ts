import { setImmediate as turn } from "node:timers/promises";
import type { Position } from "@millrace/cache";
import type { LogRecord } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { LetterLog } from "./dead-letters.ts";
import { type KeptLetter, type LetterRecord, readLetterRecord } from "./letter-format.ts";
import { comparePositions, letterId } from "./letter-id.ts";

/** A letter without its bytes, and what became of it. */
export type FoundLetter = Omit<KeptLetter, "bytes"> & {
  /** When it was kept, in epoch milliseconds. */
  readonly createTimeMs: number;
  readonly sizeBytes: number;
  /** The bytes, where they were asked for. */
  readonly bytes?: Uint8Array;
  /** Where its event went when it was last redriven. */
  readonly redriven?: { readonly to: Position; readonly timeMs: number };
  /** The letter that this one comes from. */
  readonly redrivenFrom?: Position;
};

/** A letter as it is looked at to decide whether it is asked for. */
export type Sketch = Pick<FoundLetter, "position" | "projectId" | "reason" | "createTimeMs">;

/** Which letters, and how many of them. */
export type PageQuestion = {
  readonly accepts: (letter: Sketch) => boolean;
  /** Letters after this position; absent: from the first. */
  readonly after?: Position | undefined;
  readonly lettersMax: number;
  /** Gives the letters' bytes too: so many at most, but those of one letter always. Absent: none. */
  readonly bytesMax?: number;
  /** Letters before these offsets of the letter log alone, by its partition; absent: all there are. */
  readonly ends?: readonly number[];
};

/** Some letters by position, and whether there are more. */
export type LetterPage = { readonly letters: readonly FoundLetter[]; readonly hasMore: boolean };

/** What reading letters needs. */
export type LetterPagesDeps = {
  readonly letters: LetterLog;
  readonly log: { warn(fields: object, message: string): void };
};

/** Candidates are sorted and cut once there are so many times as many as a page takes. */
const SLACK = 2;

type Candidate = Sketch & {
  readonly about: Omit<KeptLetter, "bytes">;
  readonly sizeBytes: number;
  readonly storedBytes: number;
};

/**
 * Reads letters by position, each once however often replays kept it. There is no index: the log of letters is read from
 * its beginning, twice for a page, and memory is bounded by the page. Letters are rare, and what is read of them is what
 * is left of the retention.
 */
export async function readLetters(
  question: PageQuestion,
  deps: LetterPagesDeps,
  signal?: AbortSignal,
): Promise<LetterPage> {
  const { chosen, hasMore } = await choose(question, deps, signal);
  return { letters: await complete(chosen, question, deps, signal), hasMore };
}

/** The offsets that the next letters get, by partition of the letter log. */
export async function letterEnds(letters: LetterLog, signal?: AbortSignal): Promise<readonly number[]> {
  const options = signal === undefined ? {} : { signal };
  const partitions = Array.from({ length: letters.partitions }, (_, partition) => partition);
  return Promise.all(partitions.map(async (partition) => (await letters.bounds(partition, options)).end));
}

/** The first letters that are asked for, by position. */
async function choose(question: PageQuestion, deps: LetterPagesDeps, signal: AbortSignal | undefined) {
  const { accepts, after, lettersMax, bytesMax, ends } = question;
  let candidates = new Map<string, Candidate>();
  let ceiling: Position | undefined;
  let hasMore = false;

  function cut(): void {
    if (candidates.size <= lettersMax) return;
    const sorted = [...candidates].sort(([, a], [, b]) => comparePositions(a.position, b.position));
    candidates = new Map(sorted.slice(0, lettersMax));
    ceiling = sorted[lettersMax - 1]![1].position;
    hasMore = true;
  }
  for await (const { record, partition, logRecord } of everyRecord(deps, signal)) {
    if (record.kind !== "letter" || (ends !== undefined && logRecord.offset >= ends[partition]!)) continue;
    const { bytes, ...about } = record.letter;
    const { position, projectId, reason, cutFromBytes } = about;
    if (after !== undefined && comparePositions(position, after) <= 0) continue;
    const sketch = { position, projectId, reason, createTimeMs: logRecord.appendTimeMs };
    if (!accepts(sketch)) continue;
    if (ceiling !== undefined && comparePositions(position, ceiling) > 0) continue;
    const id = letterId(position);
    // A replay's letter is the same one; the first says since when it is there.
    if (candidates.has(id)) continue;
    candidates.set(id, { ...sketch, about, sizeBytes: cutFromBytes ?? bytes.length, storedBytes: bytes.length });
    if (candidates.size >= SLACK * lettersMax) cut();
  }
  cut();
  const sorted = [...candidates.values()].sort((a, b) => comparePositions(a.position, b.position));
  const chosen = bytesMax === undefined ? sorted : fitting(sorted, bytesMax);
  return { chosen, hasMore: hasMore || chosen.length < sorted.length };
}

function fitting(letters: readonly Candidate[], bytesMax: number): readonly Candidate[] {
  let bytes = 0;
  let count = 0;
  for (const { storedBytes } of letters) {
    bytes += storedBytes;
    if (bytes > bytesMax && count > 0) break;
    count++;
  }
  return letters.slice(0, count);
}

/** What else the log says of the letters chosen: where they went, where they come from, their bytes. */
async function complete(
  chosen: readonly Candidate[],
  question: PageQuestion,
  deps: LetterPagesDeps,
  signal: AbortSignal | undefined,
): Promise<readonly FoundLetter[]> {
  if (chosen.length === 0) return [];
  type More = { redriven?: { to: Position; timeMs: number }; redrivenFrom?: Position; bytes?: Uint8Array };
  const more = new Map<string, More>(chosen.map(({ position }) => [letterId(position), {}]));
  for await (const { record } of everyRecord(deps, signal)) {
    if (record.kind === "letter") {
      const known = question.bytesMax === undefined ? undefined : more.get(letterId(record.letter.position));
      // A copy: the record around it may be a part of megabytes.
      if (known !== undefined) known.bytes ??= Uint8Array.from(record.letter.bytes);
      continue;
    }
    for (const [from, to] of record.moves) {
      const gone = more.get(letterId(from));
      if (gone !== undefined) gone.redriven = { to, timeMs: record.timeMs };
      const came = more.get(letterId(to));
      if (came !== undefined) came.redrivenFrom = from;
    }
  }
  return chosen.map(({ about, createTimeMs, sizeBytes, position }) => ({
    ...about,
    createTimeMs,
    sizeBytes,
    ...more.get(letterId(position)),
  }));
}

/** Every record of the letter log that can be read, partition by partition. */
async function* everyRecord(
  { letters, log }: LetterPagesDeps,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly record: LetterRecord; readonly partition: number; readonly logRecord: LogRecord }> {
  const options = signal === undefined ? {} : { signal };
  for (let partition = 0; partition < letters.partitions; partition++) {
    const { first } = await letters.bounds(partition, options);
    for await (const logRecords of letters.read(partition, first, options)) {
      for (const logRecord of logRecords) {
        const record = readable(logRecord, partition, log);
        if (record !== undefined) yield { record, partition, logRecord };
      }
      // A log in memory must not keep the event loop from the fold.
      await turn();
    }
  }
}

function readable(
  { value, offset }: LogRecord,
  partition: number,
  log: LetterPagesDeps["log"],
): LetterRecord | undefined {
  try {
    return readLetterRecord(value);
  } catch (error) {
    if (!(error instanceof Failure) || (error.kind !== "corrupt" && error.kind !== "invalid")) throw error;
    log.warn({ err: error, partition, offset }, "a record of the log of dead letters can not be read");
    return undefined;
  }
}
