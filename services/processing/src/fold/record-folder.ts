import type { ClaimStore } from "@millrace/cache";
import type { LogRecord } from "@millrace/event-log";
import type { Delta, DeltaPart } from "@millrace/rollup";
import type { DeadLetter, DeadLetters } from "../dead-letters/dead-letters.ts";
import { retryUntilDone } from "../retry.ts";
import { claimKeptUntil } from "./claim-lifetime.ts";
import type { ClaimRequests } from "./claim-requests.ts";
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
  /** Told of each failed attempt to reach a backend, and of undefined once it was reached. */
  readonly stalled: (problem: unknown) => void;
};

/**
 * Turns records into what they add to blocks: decode → claim → fold. What comes out depends on the record, the plan that
 * it names and the claims alone (P3), and the claims answer a replay as they answered the first time (P6).
 */
export class RecordFolder {
  readonly #deps: RecordFolderDeps;
  readonly #batch: StagedBatch;

  constructor(deps: RecordFolderDeps) {
    this.#deps = deps;
    this.#batch = new StagedBatch(deps);
  }

  /**
   * Folds records. Waits for as long as config or the claims are away; dead letters are durable when it resolves (P4).
   *
   * @throws the signal's reason when it aborts
   */
  async fold(records: readonly LogRecord[], signal: AbortSignal): Promise<readonly FoldedPart[]> {
    const batch = this.#batch;
    batch.clear();
    for (const record of records) {
      await retryUntilDone(() => batch.stage(record, signal), this.#deps.stalled, signal);
    }
    await this.#claim(batch.live, signal);
    await this.#claim(batch.imported, signal);
    const folded: FoldedPart[] = [];
    const poisoned: ClaimRelease[] = [];
    for (const record of batch.records) folded.push(...this.#foldRecord(record, poisoned));
    await this.#bury(batch.letters, poisoned, signal);
    return folded;
  }

  async #claim(requests: ClaimRequests, signal: AbortSignal): Promise<void> {
    if (requests.count === 0) return;
    const { claims, clock, stalled } = this.#deps;
    const until = claimKeptUntil(requests, clock.now());
    const owners = await retryUntilDone(() => claims.claim(requests.batch(), until, { signal }), stalled, signal);
    requests.answered(owners);
    const beside = requests.beside();
    if (beside.count === 0) return;
    requests.answeredBeside(await retryUntilDone(() => claims.lookup(beside, { signal }), stalled, signal));
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

  /** Folds a section; an event that breaks the fold becomes a dead letter, and the section is folded without it (P4). */
  #foldSection(record: StagedRecord, section: StagedSection, poisoned: ClaimRelease[]): Delta {
    for (;;) {
      const delta = section.plan.newDelta(section.receivedAtMs);
      const broken = this.#tryFold(delta, section);
      if (broken === undefined) {
        this.#deps.tally.add(delta);
        return delta;
      }
      const { batch, place, error } = { batch: this.#batch, ...broken };
      batch.states[place] = BROKEN;
      const { generation, partition } = this.#deps;
      const position = { generation, partition, offset: record.offset, index: batch.indexes[place]! };
      const problem = `the event can not be folded: ${error instanceof Error ? error.message : String(error)}`;
      const bytes = Buffer.from(JSON.stringify(batch.events[place]));
      batch.letters.push({ position, projectId: section.plan.projectId, problem, bytes });
      poisoned.push({ requests: section.imported ? batch.imported : batch.live, index: batch.claims[place]! });
    }
  }

  #tryFold(delta: Delta, section: StagedSection): { place: number; error: unknown } | undefined {
    const { events, states, claims } = this.#batch;
    const { plan, first, count } = section;
    const requests = section.imported ? this.#batch.imported : this.#batch.live;
    for (let place = first; place < first + count; place++) {
      const state = states[place];
      if (state === BROKEN) plan.account(delta, "dead_lettered");
      else if (state === LATE) plan.account(delta, "late");
      else if (!requests.owns(claims[place]!)) plan.account(delta, "duplicate");
      else {
        try {
          plan.fold(delta, events[place]!);
        } catch (error) {
          return { place, error };
        }
      }
    }
    return undefined;
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

type ClaimRelease = { readonly requests: ClaimRequests; readonly index: number };
