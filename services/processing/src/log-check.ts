import { type StoredState, type Watermark, watermarkOf } from "@millrace/cell-store";
import type { EventConsumer } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { checkpointOffsetOf } from "./flush/checkpoint.ts";

/** Clocks of brokers differ by less than this: a record's time is compared no closer. */
const CLOCK_ALLOWANCE_MS = 60_000;

/** The side of the log that is looked at. */
type Log = Pick<EventConsumer, "bounds" | "read">;

/** A partition that is about to be folded from an offset. */
type Begun = { readonly generation: number; readonly partition: number; readonly startOffset: number };

/**
 * Checks that a partition's log is the one that its blocks were folded from: that it reaches as far as they do, and that
 * the last record they hold is none that was appended later. A topic that was made anew, or lost records, would fold
 * under offsets that the blocks have seen, and its events would be skipped. And that the blocks reach as far as the offset
 * that was committed: of a store that was put back from a backup, what lies between would be missing.
 */
export class LogCheck {
  readonly #log: Log;
  /** Partitions whose records were compared. Once is enough: that a log goes on under a process is the log's to notice. */
  readonly #compared = new Set<number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Checks a partition.
   *
   * @param marks the stored states of the kind "watermark", of all sources
   * @param checkpoints those of the kind "checkpoint", of all sources
   * @throws Failure `outOfRange` when it is another log, or another store; what the log's own calls throw
   */
  async check(
    begun: Begun,
    marks: readonly StoredState[],
    checkpoints: readonly StoredState[],
    signal: AbortSignal,
  ): Promise<void> {
    const { generation, partition, startOffset } = begun;
    checkStore(begun, checkpointOffsetOf(checkpoints, `${generation}:${partition}`));
    const stored = furthest(marks, `${generation}:${partition}`);
    const { first, end } = await this.#log.bounds(partition, { signal });
    const reached = Math.max(startOffset, stored?.offset ?? 0);
    if (reached > end) {
      throw anotherLog(begun, `blocks hold its records up to offset ${reached}, and it ends at ${end}`);
    }
    if (stored === undefined || stored.offset === 0 || this.#compared.has(partition)) return;
    const last = stored.offset - 1;
    const appendTimeMs = last < first ? undefined : await this.#appendTimeMs(partition, last, signal);
    if (appendTimeMs !== undefined && appendTimeMs > stored.timeMs + CLOCK_ALLOWANCE_MS) {
      const then = new Date(stored.timeMs).toISOString();
      const now = new Date(appendTimeMs).toISOString();
      throw anotherLog(begun, `its record ${last} was stored at ${then}, and is of ${now} there`);
    }
    this.#compared.add(partition);
  }

  /** When a record was appended; undefined where it is not kept any more. */
  async #appendTimeMs(partition: number, offset: number, signal: AbortSignal): Promise<number | undefined> {
    try {
      for await (const [record] of this.#log.read(partition, offset, { signal })) {
        return record?.offset === offset ? record.appendTimeMs : undefined;
      }
    } catch (error) {
      // The retention was faster.
      if (!(error instanceof Failure) || error.kind !== "outOfRange") throw error;
    }
    return undefined;
  }
}

/**
 * A checkpoint is stored before each commit, so that a store which lacks the one of the committed offset has lost it: a backup
 * was put back, and what was folded since is in no block. A later generation has none before its first commit.
 */
function checkStore({ generation, partition, startOffset }: Begun, stored: number | undefined): void {
  if (stored === undefined ? startOffset === 0 || generation > 1 : startOffset <= stored) return;
  const holds = stored === undefined ? "holds nothing of it" : `holds it up to offset ${stored}`;
  const message =
    `Partition ${partition} is committed up to offset ${startOffset}, and the cell store ${holds}: a backup was put back, ` +
    "or this is another store. Stop processing and run `millrace offsets rewind`; if what lies between is meant to be " +
    "missing, run `millrace migrate --new-generation`.";
  throw new Failure("outOfRange", "DATA_CORRUPT", message);
}

/** The watermark of a source with the highest offset. */
function furthest(marks: readonly StoredState[], source: string): Watermark | undefined {
  let found: Watermark | undefined;
  for (const state of marks) {
    if (state.source !== source) continue;
    const mark = watermarkOf(state);
    const isFurther = found === undefined || mark.offset > found.offset;
    if (isFurther || (mark.offset === found?.offset && mark.timeMs > found.timeMs)) found = mark;
  }
  return found;
}

function anotherLog({ partition, generation }: Begun, because: string): Failure {
  const message =
    `Partition ${partition} is not the log that generation ${generation} was folded from: ${because}. Records were lost, or ` +
    "the topic was made anew. Look whether this is the right cluster; if the events are meant to be gone, run " +
    "`millrace migrate --new-generation`.";
  return new Failure("outOfRange", "DATA_CORRUPT", message);
}
