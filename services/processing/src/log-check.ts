import { type StoredState, type Watermark, watermarkOf } from "@millrace/cell-store";
import type { EventConsumer } from "@millrace/event-log";
import { Failure } from "@millrace/failure";

/** Clocks of brokers differ by less than this: a record's time is compared no closer. */
const CLOCK_ALLOWANCE_MS = 60_000;

/**
 * Checks that a partition's log is the one that its blocks were folded from: that it reaches as far as they do, and that
 * the last record they hold is none that was appended later. A topic that was made anew, or lost records, would fold
 * under offsets that the blocks have seen, and its events would be skipped.
 *
 * @param marks the stored states of the kind "watermark", of all sources
 * @param startOffset where the fold begins
 * @throws Failure `outOfRange` when it is another log; what the log's own calls throw
 */
export async function checkLog(
  log: Pick<EventConsumer, "bounds" | "read">,
  owned: { readonly generation: number; readonly partition: number; readonly startOffset: number },
  marks: readonly StoredState[],
  signal: AbortSignal,
): Promise<void> {
  const { generation, partition, startOffset } = owned;
  const stored = furthest(marks, `${generation}:${partition}`);
  const { first, end } = await log.bounds(partition, { signal });
  const reached = Math.max(startOffset, stored?.offset ?? 0);
  if (reached > end) {
    throw anotherLog(partition, generation, `blocks hold its records up to offset ${reached}, and it ends at ${end}`);
  }
  if (stored === undefined || stored.offset === 0 || stored.offset - 1 < first) return;
  const last = stored.offset - 1;
  for await (const [record] of log.read(partition, last, { signal })) {
    if (record !== undefined && record.offset === last && record.appendTimeMs > stored.timeMs + CLOCK_ALLOWANCE_MS) {
      const then = new Date(stored.timeMs).toISOString();
      const now = new Date(record.appendTimeMs).toISOString();
      throw anotherLog(partition, generation, `its record ${last} was stored at ${then}, and is of ${now} there`);
    }
    return;
  }
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

function anotherLog(partition: number, generation: number, because: string): Failure {
  const message =
    `Partition ${partition} is not the log that generation ${generation} was folded from: ${because}. Records were lost, or ` +
    "the topic was made anew. Look whether this is the right cluster; if the events are meant to be gone, run " +
    "`millrace migrate --new-generation`.";
  return new Failure("outOfRange", "DATA_CORRUPT", message);
}
