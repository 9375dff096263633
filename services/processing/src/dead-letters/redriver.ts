import type { Position } from "@millrace/cache";
import { type EventAppender, EventBatchWriter, type EventConsumer, MAX_BATCH_BYTES } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { counter } from "@millrace/telemetry";
import type { Meter } from "@opentelemetry/api";
import { retryUntilDone } from "../retry.ts";
import type { LetterLog } from "./dead-letters.ts";
import { movesRecord, partitionOfLetter } from "./letter-format.ts";
import { type FoundLetter, letterEnds, type PageQuestion, readLetters } from "./letter-pages.ts";
import { Pacer } from "./pacer.ts";
import { judge, type RedrivableDeps, type RedriveMode, type RedrivenEvent, type Refusal } from "./redrivable.ts";

/** What redriving needs. */
export type RedriverDeps = RedrivableDeps & {
  readonly letters: LetterLog;
  /** Where events are appended to: the log that processing folds. */
  readonly events: EventAppender;
  /** How far the log is committed. */
  readonly committed: EventConsumer["committed"];
  readonly group: string;
  readonly meter: Meter;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
};

/** What is to be redriven, and how. */
export type RedriveOrder = RedriveMode & {
  readonly accepts: PageQuestion["accepts"];
  /** Only says what would become of each letter. */
  readonly validateOnly: boolean;
  readonly eventsPerSecond: number;
};

/** A letter that was not redriven. */
export type Refused = { readonly position: Position; readonly refusal: Refusal; readonly problem: string };

/** How far a redriving is: every letter that was looked at is in one of the counts. */
export type RedriveProgress = {
  redriven: number;
  events: number;
  readonly refused: Record<Refusal, number>;
  /** The first letters that were not redriven. */
  readonly refusals: Refused[];
};

/** Letters are read so many, and so many bytes, at a time. */
const PAGE_LETTERS = 4_096;
const PAGE_BYTES = 16 * 1024 * 1024;

/** So many events are appended at once, at most; at low speeds fewer, so that they go evenly. */
const PORTION_EVENTS = 500;
const PORTIONS_PER_SECOND = 4;

const REFUSALS_TOLD = 20;

/** A record's body is never larger than this part of what the log takes, whatever its frame needs. */
const FRAME_BYTES = 64;

/** A letter whose events go. */
type Going = { readonly position: Position; readonly events: readonly RedrivenEvent[] };

/**
 * Appends events of dead letters to the log again: to the partition where they were, with the ids, times and stamps that
 * they had. An append that may have happened is repeated, and what a crash leaves unnoted is redriven again: claims make
 * the second one a duplicate.
 */
export class Redriver {
  readonly #deps: RedriverDeps;
  readonly #counter;
  #isRunning = false;

  constructor(deps: RedriverDeps) {
    this.#deps = deps;
    this.#counter = counter(deps.meter, "millrace.processing.dead_letter.redriven");
  }

  /**
   * Redrives letters in the order of their positions. Memory is bounded by a page of letters. Letters that are kept after
   * it began are left alone, so that what fails again does not go round.
   *
   * @param progress counts as it goes
   * @throws Failure `exhausted` while another call runs; `unavailable` when letters can't be read, or config is away;
   *   the signal's reason when it aborts
   */
  async redrive(order: RedriveOrder, progress: RedriveProgress, signal: AbortSignal): Promise<void> {
    if (this.#isRunning) throw new Failure("exhausted", "LIMIT_REACHED", "dead letters are being redriven already");
    this.#isRunning = true;
    try {
      await this.#pages(order, progress, signal);
    } finally {
      this.#isRunning = false;
    }
  }

  async #pages(order: RedriveOrder, progress: RedriveProgress, signal: AbortSignal): Promise<void> {
    const { letters, clock } = this.#deps;
    const ends = await letterEnds(letters, signal);
    const pacer = new Pacer(order.eventsPerSecond, clock);
    let after: Position | undefined;
    for (;;) {
      const question = { accepts: order.accepts, after, lettersMax: PAGE_LETTERS, bytesMax: PAGE_BYTES, ends };
      const page = await readLetters(question, this.#deps, signal);
      await this.#page(page.letters, order, pacer, progress, signal);
      after = page.letters.at(-1)?.position;
      if (!page.hasMore || after === undefined) return;
    }
  }

  async #page(
    letters: readonly FoundLetter[],
    order: RedriveOrder,
    pacer: Pacer,
    progress: RedriveProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const committed = new Map<number, number>();
    let portion: Going[] = [];
    for (const letter of letters) {
      signal.throwIfAborted();
      const isSettled = await this.#isSettled(letter.position, committed, signal);
      const going = await this.#judged(letter, isSettled, order, progress, signal);
      if (going === undefined) continue;
      if (portion.length > 0 && !fits(portion, going, order.eventsPerSecond)) {
        await this.#append(portion, order, pacer, progress, signal);
        portion = [];
      }
      portion.push(going);
    }
    if (portion.length > 0) await this.#append(portion, order, pacer, progress, signal);
  }

  async #judged(
    letter: FoundLetter,
    isSettled: boolean,
    order: RedriveOrder,
    progress: RedriveProgress,
    signal: AbortSignal,
  ): Promise<Going | undefined> {
    const { position } = letter;
    const verdict = await judge(letter, isSettled, order, this.#deps, signal);
    if ("events" in verdict) return { position, events: verdict.events };
    const { refusal, problem } = verdict;
    progress.refused[refusal]++;
    if (progress.refusals.length < REFUSALS_TOLD) progress.refusals.push({ position, refusal, problem });
    if (!order.validateOnly) this.#counter.add(1, { "millrace.outcome": refusal.toLowerCase() });
    return undefined;
  }

  /**
   * Whether no replay will fold a position again. Of a log that is gone none will.
   *
   * @param known the committed offsets that were asked for already, by partition
   */
  async #isSettled(position: Position, known: Map<number, number>, signal: AbortSignal): Promise<boolean> {
    const { generation, partition, offset } = position;
    const { events, committed, group } = this.#deps;
    if (generation !== events.generation || partition >= events.partitions) return true;
    let to = known.get(partition);
    if (to === undefined) {
      to = await committed(group, partition, { signal });
      known.set(partition, to);
    }
    return offset < to;
  }

  /** Appends the events of some letters of one partition, and notes where they went. */
  async #append(
    portion: readonly Going[],
    order: RedriveOrder,
    pacer: Pacer,
    progress: RedriveProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const eventCount = portion.reduce((sum, { events }) => sum + events.length, 0);
    if (!order.validateOnly) {
      await pacer.pass(eventCount, signal);
      const moves = await this.#appendEvents(portion, signal);
      await this.#note(moves, signal);
      this.#counter.add(portion.length, { "millrace.outcome": "redriven" });
    }
    progress.redriven += portion.length;
    progress.events += eventCount;
  }

  /** Appends events in as many records as they need; gives where the first event of each letter is now. */
  async #appendEvents(portion: readonly Going[], signal: AbortSignal) {
    const { events: log } = this.#deps;
    const { generation } = log;
    const partition = portion[0]!.position.partition % log.partitions;
    const writer = new EventBatchWriter(Math.min(MAX_BATCH_BYTES, log.maxRecordBytes - FRAME_BYTES));
    const moves: [from: Position, to: Position][] = [];
    let begun: { from: Position; index: number }[] = [];

    const flush = async () => {
      if (writer.eventCount === 0) return;
      const value = writer.finish();
      const { offset } = await retryUntilDone(() => log.append(partition, value, { signal }), this.#stalled, signal);
      for (const { from, index } of begun) moves.push([from, { generation, partition, offset, index }]);
      begun = [];
    };
    for (const { position, events } of portion) {
      for (const [at, event] of events.entries()) {
        if (!added(writer, event)) {
          await flush();
          added(writer, event);
        }
        if (at === 0) begun.push({ from: position, index: writer.eventCount - 1 });
      }
    }
    await flush();
    return moves;
  }

  /** Notes what went where, beside the letters that it is said of: those redriven, and those that may come of it. */
  async #note(moves: readonly (readonly [from: Position, to: Position])[], signal: AbortSignal): Promise<void> {
    const { letters, clock } = this.#deps;
    const value = movesRecord({ timeMs: clock.now(), moves });
    const partitions = new Set(moves.flat().map((position) => partitionOfLetter(position, letters.partitions)));
    for (const partition of partitions) {
      await retryUntilDone(() => letters.append(partition, value, { signal }), this.#stalled, signal);
    }
  }

  readonly #stalled = (problem: unknown): void => {
    if (problem !== undefined) this.#deps.log.warn({ err: problem }, "the redriving of dead letters waits");
  };
}

/** A redriving that has not looked at any letter yet. */
export function noProgress(): RedriveProgress {
  const refused = { REDRIVEN_BEFORE: 0, STILL_FAILING: 0, CUT: 0, UNSTAMPED: 0, LATE: 0, UNSETTLED: 0 };
  return { redriven: 0, events: 0, refused, refusals: [] };
}

/** Whether a letter goes with those before it: to the same partition, and not too many at once. */
function fits(portion: readonly Going[], going: Going, eventsPerSecond: number): boolean {
  const before = portion.at(-1)!.position;
  if (before.generation !== going.position.generation || before.partition !== going.position.partition) return false;
  const count = [...portion, going].reduce((sum, { events }) => sum + events.length, 0);
  return count <= Math.min(PORTION_EVENTS, Math.ceil(eventsPerSecond / PORTIONS_PER_SECOND));
}

/** Adds an event in a section of its own; false when the record is full. */
function added(writer: EventBatchWriter, { header, event }: RedrivenEvent): boolean {
  const { timeMs, claimTimeMs, late, assignedId, bytes } = event;
  if (!writer.beginSection(header)) return false;
  return writer.addEvent(timeMs, claimTimeMs, late, assignedId, bytes, 0, bytes.length);
}
