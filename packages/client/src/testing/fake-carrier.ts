import type { Batch } from "../buffer/batch.ts";
import type { Answer, Attempt, Carrier } from "../send/attempt.ts";

/** An attempt whose answer the test gives. */
export class FakeAttempt implements Attempt {
  readonly batches: Batch[] = [];
  hasEnded = false;
  sent = 0;
  aborted: Error | undefined;
  readonly answer: Promise<Answer>;
  #resolve!: (answer: Answer) => void;
  #reject!: (reason: unknown) => void;

  constructor() {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get sequences(): number[] {
    return this.batches.map(({ sequence }) => sequence);
  }

  push(batch: Batch): void {
    this.batches.push(batch);
  }

  end(): void {
    this.hasEnded = true;
  }

  abort(reason: Error): void {
    this.aborted = reason;
    this.#reject(reason);
  }

  /** Settles everything through the sequence; absent: all. */
  accept(through = this.batches.at(-1)?.sequence ?? -1, more: Partial<Answer> = {}): void {
    const covered = this.batches.filter(({ sequence }) => sequence <= through);
    const accepted = covered.reduce((sum, { count }) => sum + count, 0);
    this.#resolve({ through, accepted, duplicate: 0, refusals: [], isTroubled: false, ...more });
  }

  fail(reason: unknown): void {
    this.#reject(reason);
  }
}

/** A carrier whose attempts the test answers. */
export class FakeCarrier implements Carrier {
  readonly attempts: FakeAttempt[] = [];
  isClosed = false;
  limits = { batches: 100, bytes: 1e6, ageMs: 1000, unanswered: 2, answerMs: 30_000 };

  get last(): FakeAttempt {
    return this.attempts.at(-1)!;
  }

  open(): Attempt {
    const attempt = new FakeAttempt();
    this.attempts.push(attempt);
    return attempt;
  }

  close(): void {
    this.isClosed = true;
  }
}
