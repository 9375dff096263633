import type { Position } from "@millrace/cache";
import { EventBatchReader, type LogRecord } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { FoldEvent, Plan } from "@millrace/rollup";
import type { DeadLetter, DeadLetterReason } from "../dead-letters/dead-letters.ts";
import { stampsAt } from "../dead-letters/stamps.ts";
import { EventDecoder, emptyEvent } from "../decode/event-decoder.ts";
import { ClaimRequests } from "./claim-requests.ts";
import type { Plans, ProjectPlan } from "./plans.ts";

/** What is known of an event before the claims are answered. */
const CLAIMED = 0;
export const LATE = 1;
export const BROKEN = 2;

/** A section of a record: its events stand in the batch's `events` from `first` on, `count` of them. */
export type StagedSection = {
  readonly plan: Plan;
  /** The processing version that it is folded by. */
  readonly version: number;
  readonly receivedAtMs: number;
  readonly imported: boolean;
  /** Holds the events' own bytes, at the batch's `ranges`. */
  readonly buffer: Buffer;
  readonly first: number;
  readonly count: number;
};

/** A record, read and decoded. */
export type StagedRecord = {
  readonly offset: number;
  readonly appendTimeMs: number;
  /** The record's own bytes. */
  readonly value: Uint8Array;
  readonly sections: readonly StagedSection[];
};

/** Where a batch's events come from. */
export type StageSource = {
  readonly generation: number;
  readonly partition: number;
  readonly plans: Plans;
  /** Told of what it has to wait for, and of undefined when the wait is over. */
  readonly stalled: (problem: unknown) => void;
};

/** A wait for definitions that is longer than this is told of. */
const LONG_WAIT_MS = 1_000;

/**
 * Records on their way through the fold: read, decoded, and with the claims they ask for. Everything in it is reused from
 * batch to batch, so that in steady state an event makes no object.
 */
export class StagedBatch {
  readonly events: FoldEvent[] = [];
  /** CLAIMED, LATE or BROKEN, by event. */
  states: Uint8Array = new Uint8Array(4096);
  /** The index of the event's claim in `live` or `imported`, by event. */
  claims: Uint32Array = new Uint32Array(4096);
  /** The index of the event in its record, by event. */
  indexes: Uint32Array = new Uint32Array(4096);
  /** Where the event's own bytes begin and end in its section's buffer, by event. */
  ranges: Uint32Array = new Uint32Array(2 * 4096);
  readonly live = new ClaimRequests(false);
  readonly imported = new ClaimRequests(true);
  records: StagedRecord[] = [];
  letters: DeadLetter[] = [];
  readonly #source: StageSource;
  readonly #decoder = new EventDecoder();
  #count = 0;

  constructor(source: StageSource) {
    this.#source = source;
  }

  /** How many events the batch holds. */
  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.records = [];
    this.letters = [];
    this.live.clear();
    this.imported.clear();
  }

  /**
   * Reads a record. Damage never stops the partition: it makes dead letters (P4). Where it throws, since a plan can't be
   * had, the record has left nothing behind and can be staged again.
   */
  async stage(record: LogRecord, signal: AbortSignal): Promise<void> {
    const sections: StagedSection[] = [];
    const { offset, appendTimeMs, value } = record;
    const before = this.#mark();
    let readTo = before;
    let indexTo = 0;
    try {
      const reader = new EventBatchReader(value);
      while (reader.nextSection()) {
        const section = await this.#stageSection(reader, offset, signal);
        if (section !== undefined) sections.push(section);
        readTo = this.#mark();
        indexTo = reader.index + 1;
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "corrupt") {
        this.#backTo(before);
        throw error;
      }
      // The sections read so far stay: they are what every replay reads too. Of a damaged one nothing is folded, so nothing
      // of it may claim.
      this.#backTo(readTo);
      const position = this.#position(offset, indexTo);
      const problem = error.message;
      this.letters.push({ position, projectId: "", reason: "RECORD_UNREADABLE", problem, bytes: value });
    }
    this.records.push({ offset, appendTimeMs, value, sections });
  }

  #mark(): Mark {
    const { live, imported, letters } = this;
    return { events: this.#count, live: live.count, imported: imported.count, letters: letters.length };
  }

  #backTo(mark: Mark): void {
    this.#count = mark.events;
    this.live.truncate(mark.live);
    this.imported.truncate(mark.imported);
    this.letters.length = mark.letters;
  }

  async #stageSection(
    reader: EventBatchReader,
    offset: number,
    signal: AbortSignal,
  ): Promise<StagedSection | undefined> {
    const { projectId, revision, processingVersion, receivedAtMs, imported } = reader;
    const { plans } = this.#source;
    let found: ProjectPlan;
    try {
      found =
        plans.peek(projectId, revision, processingVersion) ??
        (await this.#load(projectId, revision, processingVersion, signal));
    } catch (error) {
      if (!(error instanceof Failure) || (error.kind !== "notFound" && error.kind !== "corrupt")) throw error;
      const problem = `revision ${revision}: ${error.message}`;
      while (reader.nextEvent()) this.#letter(offset, reader, "REVISION_NOT_FOUND", problem);
      return undefined;
    }
    const requests = imported ? this.imported : this.live;
    requests.lateWindowMs = Math.max(requests.lateWindowMs, found.lateWindowMs);
    const first = this.#count;
    while (reader.nextEvent()) this.#stageEvent(reader, offset);
    const count = this.#count - first;
    return {
      plan: found.plan,
      version: processingVersion,
      receivedAtMs,
      imported,
      buffer: reader.buffer,
      first,
      count,
    };
  }

  async #load(projectId: string, revision: number, version: number, signal: AbortSignal): Promise<ProjectPlan> {
    const { plans, stalled } = this.#source;
    let isLong = false;
    const timer = setTimeout(() => {
      isLong = true;
      const message = `waits for revision ${revision} of project "${projectId}"`;
      stalled(new Failure("unavailable", "BACKEND_UNAVAILABLE", message));
    }, LONG_WAIT_MS);
    try {
      return await plans.load(projectId, revision, version, signal);
    } finally {
      clearTimeout(timer);
      if (isLong) stalled(undefined);
    }
  }

  #stageEvent(reader: EventBatchReader, offset: number): void {
    const place = this.#place();
    const event = this.events[place]!;
    this.indexes[place] = reader.index;
    this.ranges[2 * place] = reader.from;
    this.ranges[2 * place + 1] = reader.to;
    event.timeMs = reader.timeMs;
    event.receivedAtMs = reader.receivedAtMs;
    event.late = reader.late;
    event.userAgent = reader.userAgent;
    try {
      this.#decoder.decode(reader.buffer, reader.from, reader.to, event);
      if (reader.assignedId !== "") event.eventId = reader.assignedId;
      if (event.eventId === "") throw new Failure("corrupt", "DATA_CORRUPT", "the event has no id");
    } catch (error) {
      // P4: whatever it is that the decoder can't do, it can't do it to this event, and the others go on.
      this.states[place] = BROKEN;
      const problem = error instanceof Error ? error.message : String(error);
      this.#letter(offset, reader, "EVENT_UNREADABLE", problem);
      return;
    }
    this.states[place] = reader.late ? LATE : CLAIMED;
    // P6: late events claim nothing.
    if (!reader.late) this.claims[place] = this.#claim(reader, offset);
  }

  #claim(reader: EventBatchReader, offset: number): number {
    const { generation, partition } = this.#source;
    const requests = reader.imported ? this.imported : this.live;
    const position = { generation, partition, offset, index: reader.index };
    if (reader.assignedId !== "") {
      const id = Buffer.from(reader.assignedId);
      return requests.add(reader.projectId, id, 0, id.length, reader.claimTimeMs, position);
    }
    const { idFrom, idTo } = this.#decoder;
    return requests.add(reader.projectId, reader.buffer, idFrom, idTo, reader.claimTimeMs, position);
  }

  #place(): number {
    const place = this.#count++;
    if (place === this.events.length) this.events.push(emptyEvent());
    if (place === this.states.length) {
      this.states = grown(this.states, new Uint8Array(place * 2));
      this.claims = grown(this.claims, new Uint32Array(place * 2));
      this.indexes = grown(this.indexes, new Uint32Array(place * 2));
      this.ranges = grown(this.ranges, new Uint32Array(place * 4));
    }
    return place;
  }

  /** Makes a letter of the event that a reader stands at. */
  #letter(offset: number, reader: EventBatchReader, reason: DeadLetterReason, problem: string): void {
    const position = this.#position(offset, reader.index);
    const bytes = reader.buffer.subarray(reader.from, reader.to);
    this.letters.push({ position, projectId: reader.projectId, reason, problem, stamps: stampsAt(reader), bytes });
  }

  #position(offset: number, index: number): Position {
    const { generation, partition } = this.#source;
    return { generation, partition, offset, index };
  }
}

/** How much a batch held at some moment. */
type Mark = { readonly events: number; readonly live: number; readonly imported: number; readonly letters: number };

function grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
