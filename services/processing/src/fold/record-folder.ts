import type { ClaimStore } from "@millrace/cache";
import type { LogRecord } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import type { Delta, DeltaPart } from "@millrace/rollup";
import { type SpanContext, type Tracer, trace } from "@opentelemetry/api";
import type { DeadLetter, DeadLetters } from "../dead-letters/dead-letters.ts";
import { stampsOf } from "../dead-letters/stamps.ts";
import { retryUntilDone } from "../retry.ts";
import { claimKeptUntil, LAG_ALLOWANCE_MS } from "./claim-lifetime.ts";
import type { ClaimRequests } from "./claim-requests.ts";
import { RecordSpans } from "./record-spans.ts";
import { BROKEN, LATE, StagedBatch, type StagedRecord, type StagedSection, type StageSource } from "./staged-batch.ts";
import type { Tally } from "./tally.ts";

/** What one record adds to one project's blocks. */
export type FoldedPart = {
  readonly projectId: string;
  readonly offset: number;
  readonly appendTimeMs: number;
  readonly parts: readonly DeltaPart[];
  /** How many events it comes from. */
  readonly events: number;
};

/** What folding needs. */
export type RecordFolderDeps = StageSource & {
  readonly claims: ClaimStore;
  readonly deadLetters: DeadLetters;
  readonly tally: Tally;
  readonly clock: { now(): number };
  /** True when claims could be gone once the partition lags by more than the allowance: folding stops then. */
  readonly claimsExpire: boolean;
  /** Told of each batch once it is known what became of its events; the batch is used again when it returns. */
  readonly tails: { folded(source: string, batch: StagedBatch): void };
  /** Where spans go; the process's own unless given. */
  readonly tracer?: Tracer;
};

/** What came of some records. */
export type Folded = {
  readonly parts: readonly FoldedPart[];
  /** How many records were folded: a few, and at least one. */
  readonly records: number;
  /** When ingest took the oldest event of each record, in epoch milliseconds; nothing of one that can't be read. */
  readonly received: readonly number[];
  /** The recorded spans of the folding. */
  readonly causes: readonly SpanContext[];
};

/**
 * Turns records into what they add to blocks: decode → claim → fold. What comes out depends on the record, the plan that
 * it names and the claims alone (P3), and the claims answer a replay as they answered the first time (P6).
 */
export class RecordFolder {
  readonly #deps: RecordFolderDeps;
  readonly #batch: StagedBatch;
  readonly #source: string;

  constructor(deps: RecordFolderDeps) {
    this.#deps = deps;
    this.#source = `${deps.generation}:${deps.partition}`;
    this.#batch = new StagedBatch(deps);
  }

  /**
   * Folds the first of some records. Waits for as long as config or the claims are away; dead letters are durable when it
   * resolves (P4).
   *
   * @param eventsMax once this many events are at hand they are folded, whatever else waits (P5); a record is never torn
   * @throws the signal's reason when it aborts; Failure `outOfRange` when the records are older than claims are kept for
   */
  async fold(records: readonly LogRecord[], eventsMax: number, signal: AbortSignal): Promise<Folded> {
    const batch = this.#batch;
    batch.clear();
    const startMs = this.#deps.clock.now();
    for (const record of records) {
      await retryUntilDone(() => batch.stage(record, signal), this.#deps.stalled, signal);
      if (batch.count >= eventsMax) break;
    }
    const { tracer = trace.getTracer("millrace"), partition } = this.#deps;
    const spans = new RecordSpans(tracer, partition, records.slice(0, batch.records.length), startMs);
    const parts = await spans.during(() => this.#foldStaged(signal));
    this.#deps.tails.folded(this.#source, batch);
    const received = batch.records.flatMap(({ sections }) => oldestOf(sections) ?? []);
    return { parts, records: batch.records.length, received, causes: spans.causes };
  }

  async #foldStaged(signal: AbortSignal): Promise<FoldedPart[]> {
    const batch = this.#batch;
    await this.#claim(batch.live, signal);
    await this.#claim(batch.imported, signal);
    const parts: FoldedPart[] = [];
    const poisoned: ClaimRelease[] = [];
    for (const record of batch.records) parts.push(...this.#foldRecord(record, poisoned));
    await this.#bury(batch.letters, poisoned, signal);
    return parts;
  }

  async #claim(requests: ClaimRequests, signal: AbortSignal): Promise<void> {
    if (requests.count === 0) return;
    const { claims, clock, stalled } = this.#deps;
    const claim = async () => {
      const now = clock.now();
      this.#checkLag(now);
      return claims.claim(requests.batch(), claimKeptUntil(requests, now), { signal });
    };
    requests.answered(await retryUntilDone(claim, stalled, signal));
    const beside = requests.beside();
    if (beside.count === 0) return;
    requests.answeredBeside(await retryUntilDone(() => claims.lookup(beside, { signal }), stalled, signal));
  }

  /**
   * P6: claims are kept for the late window and a lag of 24 hours. Records that are older could count twice, so they are
   * not folded; asked before every attempt, as the lag may come from waiting for the claims.
   */
  #checkLag(nowMs: number): void {
    if (!this.#deps.claimsExpire) return;
    let oldestMs = nowMs;
    for (const record of this.#batch.records) oldestMs = Math.min(oldestMs, record.appendTimeMs);
    const lagMs = nowMs - oldestMs;
    if (lagMs <= LAG_ALLOWANCE_MS) return;
    const hours = Math.round(lagMs / 3_600_000);
    const message = `partition ${this.#deps.partition} lags by ${hours} hours, more than claims are kept for`;
    throw new Failure("outOfRange", "LIMIT_REACHED", message);
  }

  #foldRecord(record: StagedRecord, poisoned: ClaimRelease[]): readonly FoldedPart[] {
    const byProject = new Map<string, { parts: DeltaPart[]; events: number }>();
    for (const section of record.sections) {
      const { projectId } = section.plan;
      const parts = section.plan.parts(this.#foldSection(record, section, poisoned));
      let folded = byProject.get(projectId);
      if (folded === undefined) {
        folded = { parts: [], events: 0 };
        byProject.set(projectId, folded);
      }
      for (const part of parts) folded.parts.push(part);
      folded.events += section.count;
    }
    const { offset, appendTimeMs } = record;
    return [...byProject].map(([projectId, folded]) => ({ projectId, offset, appendTimeMs, ...folded }));
  }

  /** Folds a section; events that break the fold become dead letters, and the section is folded without them (P4). */
  #foldSection(record: StagedRecord, section: StagedSection, poisoned: ClaimRelease[]): Delta {
    for (;;) {
      const delta = section.plan.newDelta(section.receivedAtMs);
      const broken = this.#tryFold(delta, section);
      if (broken.length === 0) {
        this.#deps.tally.add(section.plan.projectId, delta);
        return delta;
      }
      this.#reject(broken, record, section, poisoned);
    }
  }

  #reject(
    broken: readonly BrokenEvent[],
    record: StagedRecord,
    section: StagedSection,
    poisoned: ClaimRelease[],
  ): void {
    const batch = this.#batch;
    const { generation, partition } = this.#deps;
    const { offset } = record;
    const stamps = stampsOf(record.value, new Set(broken.map(({ place }) => batch.indexes[place]!)));
    for (const { place, error } of broken) {
      batch.states[place] = BROKEN;
      const index = batch.indexes[place]!;
      batch.letters.push({
        position: { generation, partition, offset, index },
        projectId: section.plan.projectId,
        reason: "FOLD_FAILED",
        problem: `the event can not be folded: ${error instanceof Error ? error.message : String(error)}`,
        stamps: stamps.get(index)!,
        bytes: section.buffer.subarray(batch.ranges[2 * place]!, batch.ranges[2 * place + 1]!),
      });
      poisoned.push({ requests: section.imported ? batch.imported : batch.live, index: batch.claims[place]! });
    }
  }

  /** Folds a section into a delta; gives the events that break it, and the delta is of no use where there are any. */
  #tryFold(delta: Delta, section: StagedSection): readonly BrokenEvent[] {
    const { events, states, claims } = this.#batch;
    const { plan, first, count } = section;
    const requests = section.imported ? this.#batch.imported : this.#batch.live;
    const broken: BrokenEvent[] = [];
    for (let place = first; place < first + count; place++) {
      const state = states[place];
      if (state === BROKEN) plan.account(delta, "dead_lettered");
      else if (state === LATE) plan.account(delta, "late");
      else if (!requests.owns(claims[place]!)) plan.account(delta, "duplicate");
      else {
        try {
          plan.fold(delta, events[place]!);
        } catch (error) {
          // The others are tried as well, so that a section of nothing but such events is not folded once for each.
          broken.push({ place, error });
        }
      }
    }
    return broken;
  }

  /** Keeps dead letters, then gives the claims of those that had one back, so that they can be sent again. */
  async #bury(letters: readonly DeadLetter[], poisoned: readonly ClaimRelease[], signal: AbortSignal): Promise<void> {
    const { deadLetters, claims, stalled } = this.#deps;
    if (letters.length > 0) await retryUntilDone(() => deadLetters.put(letters, signal), stalled, signal);
    for (const { requests, index } of poisoned) {
      await retryUntilDone(() => claims.release(requests.single(index), { signal }), stalled, signal);
    }
  }
}

function oldestOf(sections: readonly StagedSection[]): number | undefined {
  if (sections.length === 0) return undefined;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { receivedAtMs } of sections) oldest = Math.min(oldest, receivedAtMs);
  return oldest;
}

type BrokenEvent = { readonly place: number; readonly error: unknown };

type ClaimRelease = { readonly requests: ClaimRequests; readonly index: number };
