import type { Batch } from "../buffer/batch.ts";
import type { EventBuffer } from "../buffer/event-buffer.ts";
import type { Clock, Timer } from "../clock.ts";
import type { IssueReporter } from "../issue.ts";
import type { Counters } from "../stats.ts";
import type { Answer, Attempt, Carrier } from "./attempt.ts";
import { AttemptSize } from "./attempt-size.ts";
import { Backoff, type BackoffLimits } from "./backoff.ts";
import { RetryBudget, type RetryBudgetLimits } from "./retry-budget.ts";
import { judge, type Verdict } from "./verdict.ts";

/** What a sender works with. */
export type SenderDeps = {
  readonly buffer: EventBuffer;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly issues: IssueReporter;
  readonly backoff: BackoffLimits;
  readonly budget: RetryBudgetLimits;
  /** An attempt with so much is ended, so that the buffer never waits for one answer alone. */
  readonly attemptEvents: number;
  readonly attemptBytes: number;
  /** How long to wait where only a person can help. */
  readonly blockedMs: number;
};

/** An attempt and what was given to it. */
type Run = {
  readonly attempt: Attempt;
  readonly batches: Batch[];
  /** Which failures it can tell of: those after it began. */
  readonly epoch: number;
  events: number;
  bytes: number;
  timer: Timer;
  endedAtMs: number;
  hasEnded: boolean;
};

/** A time without attempts. */
type Pause = { readonly timer: Timer; readonly isFirm: boolean };

const NO_ANSWER = "the server did not answer in time";
const NOTHING_TAKEN = "the server took nothing";

/**
 * Moves batches from the buffer to the server, until each is settled. One attempt is open at a time; those that were
 * ended wait for their answers beside it. After a failure there is a pause, then a single batch goes alone, and only when
 * that went well do the others follow.
 */
export class Sender {
  readonly #deps: SenderDeps;
  readonly #backoff: Backoff;
  readonly #budget: RetryBudget;
  readonly #size: AttemptSize;
  readonly #runs = new Set<Run>();
  readonly #listeners = new Set<() => void>();
  #current: Run | undefined;
  #pause: Pause | undefined;
  #isCareful = false;
  #epoch = 0;
  #hurries = 0;
  #isClosed = false;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(deps.backoff, deps.clock.random);
    this.#budget = new RetryBudget(deps.budget, deps.clock.elapsed());
    this.#size = new AttemptSize(Math.min(deps.attemptBytes, deps.carrier.limits.bytes));
  }

  /** Sends what can be sent now. */
  pump(): void {
    const { buffer } = this.#deps;
    while (this.#pause === undefined && !this.#isClosed) {
      const next = buffer.peek();
      if (next === undefined) break;
      const run = this.#runFor(next);
      if (run === undefined) break;
      buffer.take();
      next.attempts++;
      run.batches.push(next);
      run.events += next.count;
      run.bytes += next.byteLength;
      run.attempt.push(next);
      const isFull = run.events >= this.#deps.attemptEvents || run.bytes >= this.#size.bytes;
      if (this.#isCareful || isFull) this.#end(run);
    }
    if (this.#hurries > 0 && this.#current !== undefined) this.#end(this.#current);
  }

  /**
   * Waits until `isDone`, and meanwhile asks for answers as early as it can.
   *
   * @param timeoutMs after which it gives up; the process is held until then
   */
  async hurry(isDone: () => boolean, timeoutMs: number): Promise<void> {
    if (isDone() || this.#isClosed) return;
    this.#hurries++;
    this.#cutPause();
    this.pump();
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        timer.cancel();
        this.#listeners.delete(look);
        resolve();
      };
      const timer = this.#deps.clock.after(timeoutMs, finish, true);
      const look = (): void => {
        if (isDone() || this.#isClosed) finish();
      };
      this.#listeners.add(look);
    });
    this.#hurries--;
  }

  /** Gives up what is under way, and frees connections. What was not settled goes back into the buffer. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pause?.timer.cancel();
    for (const run of this.#runs) {
      run.timer.cancel();
      run.attempt.abort(new Error("the client was closed"));
      for (const batch of run.batches) this.#deps.buffer.giveBack(batch);
    }
    this.#runs.clear();
    this.#deps.carrier.close();
    this.#tell();
  }

  /** The attempt that a batch can join; undefined when it has to wait. */
  #runFor(batch: Batch): Run | undefined {
    const { limits } = this.#deps.carrier;
    const current = this.#current;
    if (current !== undefined) {
      const last = current.batches.at(-1);
      const isInOrder = last === undefined || last.sequence < batch.sequence;
      const hasRoom = last === undefined || current.bytes + batch.byteLength <= limits.bytes;
      if (isInOrder && hasRoom && current.batches.length < limits.batches) return current;
      this.#end(current);
    }
    const others = this.#isCareful ? 0 : limits.unanswered;
    return this.#runs.size > others ? undefined : this.#open();
  }

  #open(): Run {
    const { carrier, clock } = this.#deps;
    const attempt = carrier.open();
    const run: Run = {
      attempt,
      batches: [],
      epoch: this.#epoch,
      events: 0,
      bytes: 0,
      timer: clock.after(carrier.limits.ageMs, () => this.#end(run)),
      endedAtMs: clock.elapsed(),
      hasEnded: false,
    };
    this.#runs.add(run);
    this.#current = run;
    attempt.answer.then(
      (answer) => this.#onAnswer(run, answer),
      (thrown: unknown) => this.#onFailure(run, judge(thrown, clock.now())),
    );
    return run;
  }

  /** Asks for the answer. */
  #end(run: Run): void {
    if (this.#current === run) this.#current = undefined;
    if (run.hasEnded) return;
    run.hasEnded = true;
    run.timer.cancel();
    run.endedAtMs = this.#deps.clock.elapsed();
    this.#awaitAnswer(run);
    run.attempt.end();
  }

  /** Gives an attempt up that gets no answer, and goes no further either. */
  #awaitAnswer(run: Run): void {
    const { carrier, clock } = this.#deps;
    const { sent } = run.attempt;
    run.timer = clock.after(carrier.limits.answerMs, () => {
      if (run.attempt.sent > sent) this.#awaitAnswer(run);
      else run.attempt.abort(new Error(NO_ANSWER));
    });
  }

  #onAnswer(run: Run, answer: Answer): void {
    if (!this.#leave(run)) return;
    const { buffer, counters, clock } = this.#deps;
    if (run.hasEnded) this.#size.answered(run.bytes, clock.elapsed() - run.endedAtMs);
    counters.accepted += answer.accepted;
    counters.duplicate += answer.duplicate;
    for (const refusal of answer.refusals) this.#reject(refusal);
    const { remainder } = answer;
    let settled = 0;
    for (const batch of run.batches) {
      if (batch.sequence > answer.through) {
        buffer.giveBack(batch);
      } else if (remainder?.batch === batch) {
        batch.replace(remainder.frames, remainder.count);
        buffer.giveBack(batch);
      } else {
        buffer.settle(batch);
        settled++;
      }
    }
    if (answer.isTroubled || (settled === 0 && run.batches.length > 0)) {
      this.#fail(run, { kind: "retry", reason: "EVENT_NOT_APPENDED", message: NOTHING_TAKEN, retryAfterMs: 0 });
    } else if (run.epoch === this.#epoch) {
      this.#isCareful = false;
      this.#backoff.reset();
      this.#budget.deposit();
      counters.trouble = undefined;
    }
    this.#proceed();
  }

  #onFailure(run: Run, verdict: Verdict): void {
    if (!this.#leave(run)) return;
    const [first] = run.batches;
    if (verdict.kind === "refused" && first !== undefined && run.batches.length === 1) {
      // It was alone, so it is the one.
      this.#deps.buffer.settle(first);
      this.#reject({ reason: verdict.reason, message: verdict.message, count: first.count });
      this.#isCareful = true;
    } else {
      for (const batch of run.batches) this.#deps.buffer.giveBack(batch);
      this.#size.failed(run.bytes);
      this.#fail(run, verdict);
    }
    this.#proceed();
  }

  /** Takes a run off the list; false when the client was closed meanwhile. */
  #leave(run: Run): boolean {
    run.timer.cancel();
    if (this.#current === run) this.#current = undefined;
    return this.#runs.delete(run);
  }

  /** Remembers a failure. Those of attempts that began before the last one tell nothing new. */
  #fail(run: Run, verdict: Verdict): void {
    const { clock, counters, issues, blockedMs } = this.#deps;
    const { kind, reason, message } = verdict;
    counters.retries++;
    counters.trouble = message;
    if (run.epoch !== this.#epoch) return;
    this.#epoch++;
    this.#isCareful = true;
    if (kind === "refused") return;
    issues.report({ kind: kind === "blocked" ? "blocked" : "retrying", reason, message, count: 1 });
    const budgetMs = this.#budget.withdraw(clock.elapsed());
    const backoffMs = this.#backoff.next(verdict.retryAfterMs);
    // Jitter here too: a wrong key is often rolled out to many at once.
    const delayMs = kind === "blocked" ? blockedMs * (0.5 + clock.random() / 2) : Math.max(budgetMs, backoffMs);
    this.#wait(delayMs, kind === "blocked" || verdict.retryAfterMs > 0 || budgetMs > 0);
  }

  #wait(delayMs: number, isFirm: boolean): void {
    this.#pause?.timer.cancel();
    const timer = this.#deps.clock.after(delayMs, () => {
      this.#pause = undefined;
      this.pump();
    });
    this.#pause = { timer, isFirm };
  }

  /** Tries at once for somebody who waits, where nothing but chance says to wait. */
  #cutPause(): void {
    if (this.#pause === undefined || this.#pause.isFirm) return;
    this.#pause.timer.cancel();
    this.#pause = undefined;
  }

  #reject(refusal: Answer["refusals"][number]): void {
    this.#deps.counters.reject(refusal.reason, refusal.count);
    this.#deps.issues.report({ kind: "rejected", ...refusal });
  }

  #proceed(): void {
    this.pump();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
