import type { Clock } from "./clock.ts";

/**
 * Something that a producer should know.
 *
 * - `rejected`: events are not acceptable, by the client's or the server's judgement; they are gone.
 * - `dropped`: events were let go because a bound was reached, or the client was closed; they are gone.
 * - `blocked`: the server does not take the credential, or there is no Millrace at the address. Events wait, as far as
 *   the buffer goes; a person must look.
 * - `retrying`: the server can't be reached, or does not take events now. They wait and are sent again.
 * - `unspooled`: the spool can't be written. Events are in memory alone, and do not outlive the process.
 */
export type Issue = {
  readonly kind: "rejected" | "dropped" | "blocked" | "retrying" | "unspooled";
  /**
   * Why, for machines: a reason of docs/errors.md, or `BUFFER_FULL`, `SPOOL_FULL`, `SPOOL_DAMAGED`, `SPOOL_FAILED`,
   * `CLOSED`; where the server is not Millrace, the name of the call's code.
   */
  readonly reason: string;
  /** Why, for people. */
  readonly message: string;
  /** How many events since the last issue of this kind and reason; for `blocked` and `retrying`, how many attempts. */
  readonly count: number;
  /** One of the events, where it is known. */
  readonly eventId?: string | undefined;
  /** The field at fault, where it is known, such as `properties.price`. */
  readonly field?: string | undefined;
};

type Pending = { issue: Issue; count: number };

const KINDS_MAX = 100;

/** Hands issues on, each kind and reason at most once an interval; those between are added up. */
export class IssueReporter {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #onIssue: (issue: Issue) => void;
  /** By kind and reason; there while the interval since the last report runs. */
  readonly #quiet = new Map<string, Pending>();

  constructor(clock: Clock, intervalMs: number, onIssue: (issue: Issue) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#onIssue = onIssue;
  }

  /** Reports now, or with the others of its kind and reason when the interval is over. */
  report(issue: Issue): void {
    const key = `${issue.kind} ${issue.reason}`;
    const pending = this.#quiet.get(key);
    if (pending !== undefined) {
      pending.count += issue.count;
      pending.issue = issue;
      return;
    }
    if (this.#quiet.size >= KINDS_MAX) return;
    this.#quiet.set(key, { issue, count: 0 });
    this.#clock.after(this.#intervalMs, () => this.#endInterval(key));
    this.#tell(issue);
  }

  /** Reports what was held back. */
  flush(): void {
    for (const pending of this.#quiet.values()) {
      if (pending.count > 0) this.#tell({ ...pending.issue, count: pending.count });
      pending.count = 0;
    }
  }

  #endInterval(key: string): void {
    const pending = this.#quiet.get(key);
    this.#quiet.delete(key);
    if (pending !== undefined && pending.count > 0) this.report({ ...pending.issue, count: pending.count });
  }

  #tell(issue: Issue): void {
    try {
      this.#onIssue(issue);
    } catch {
      // Whoever listens must not be able to stop the events.
    }
  }
}
