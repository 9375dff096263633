import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import type { Clock, Timer } from "../clock.ts";
import { Backoff } from "../send/backoff.ts";
import { RetryBudget } from "../send/retry-budget.ts";
import type { Answer, Update } from "./answer.ts";
import { failureOf } from "./failure-of.ts";
import type { CallOptions, Question } from "./question.ts";
import { factsOf, type PlainRow, toRow } from "./rows.ts";
import { toQuery } from "./to-query.ts";
import { WatchedRows } from "./watched-rows.ts";

const TIMEOUT_MS = 30_000;
const RECONNECT = { initialMs: 100, maxMs: 10_000 };
const ATTEMPTS_MAX = 4;
const ASK_AGAIN = { initialMs: 50, maxMs: 1_000 };
const BUDGET = { burst: 10, perSuccess: 0.1, perSecond: 0.2 };
/** What ends a watch: nothing changes by asking again. */
const FINAL: ReadonlySet<Failure["kind"]> = new Set([
  "invalid",
  "notFound",
  "precondition",
  "outOfRange",
  "unauthenticated",
  "denied",
  "unimplemented",
]);

/** Asks questions. */
export class Reporter {
  readonly #client: Client<typeof ReportingService>;
  readonly #clock: Clock;
  readonly #budget: RetryBudget;
  readonly #closing = new AbortController();

  constructor(transport: Transport, clock: Clock) {
    this.#client = createClient(ReportingService, transport);
    this.#clock = clock;
    this.#budget = new RetryBudget(BUDGET, clock.elapsed());
  }

  /** Ends watches and refuses questions. */
  close(): void {
    this.#closing.abort();
  }

  /** See {@link Millrace.query}. */
  async query(question: Question, options: CallOptions = {}): Promise<Answer<PlainRow>> {
    const query = toQuery(question);
    const hold = this.#hold();
    const { result } = await this.#ask(query, options).finally(() => hold.cancel());
    if (result === undefined) throw new Failure("internal", "INTERNAL", "The server gave no answer.");
    const facts = factsOf(result);
    const exact = question.exact === true;
    return { ...facts, rows: result.rows.map((row) => toRow(facts.columns, row, exact)) };
  }

  /** See {@link Millrace.watch}. */
  async *watch(question: Question, options: CallOptions = {}): AsyncGenerator<Update<PlainRow>> {
    const query = toQuery(question);
    const over = new AbortController();
    const end = (): void => over.abort();
    const ends = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    for (const signal of ends) {
      if (signal.aborted) end();
      signal.addEventListener("abort", end, { once: true });
    }
    const hold = this.#hold();
    try {
      yield* this.#follow(question, query, over.signal);
    } finally {
      hold.cancel();
      // Also when the reader has had enough.
      for (const signal of ends) signal.removeEventListener("abort", end);
      end();
    }
  }

  /**
   * Asks until there is an answer, a failure that asking again would not mend, 4 attempts, or no time left. A question
   * changes nothing, so it may be asked again also where nobody knows how far the server came: one that stops is met by some.
   */
  async #ask(query: ReturnType<typeof toQuery>, { signal, timeoutMs = TIMEOUT_MS }: CallOptions) {
    const clock = this.#clock;
    const endMs = clock.elapsed() + timeoutMs;
    const backoff = new Backoff(ASK_AGAIN, clock.random);
    for (let attempt = 1; ; attempt++) {
      if (isAborted(this.#closing.signal)) throw new Failure("cancelled", "CLOSED", "The client was closed.");
      try {
        const call = { timeoutMs: Math.ceil(endMs - clock.elapsed()), ...(signal && { signal }) };
        const answer = await this.#client.query({ query }, call);
        this.#budget.deposit();
        return answer;
      } catch (thrown) {
        const failure = failureOf(thrown, clock.now(), signal?.aborted === true);
        if (failure.kind !== "unavailable" || attempt === ATTEMPTS_MAX) throw failure;
        const delayMs = backoff.next(failure.retryAfterMs);
        if (clock.elapsed() + delayMs >= endMs || !this.#budget.take(clock.elapsed())) throw failure;
        await this.#pause(delayMs, signal ?? this.#closing.signal);
      }
    }
  }

  async *#follow(
    question: Question,
    query: ReturnType<typeof toQuery>,
    signal: AbortSignal,
  ): AsyncGenerator<Update<PlainRow>> {
    const rows = new WatchedRows(question);
    const backoff = new Backoff(RECONNECT, this.#clock.random);
    while (!isAborted(signal)) {
      let delayMs = 0;
      try {
        for await (const message of this.#client.watch({ query }, { signal })) {
          const update = rows.take(message);
          if (update === undefined) continue;
          backoff.reset();
          yield update;
        }
      } catch (thrown) {
        if (isAborted(signal)) return;
        const failure = failureOf(thrown, this.#clock.now(), false);
        if (FINAL.has(failure.kind)) throw failure;
        delayMs = failure.retryAfterMs ?? 0;
      }
      await this.#pause(backoff.next(delayMs), signal);
    }
  }

  /** Keeps the process alive for somebody who waits for rows; connections do not. */
  #hold(): Timer {
    return this.#clock.after(Number.POSITIVE_INFINITY, () => {}, true);
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const timer = this.#clock.after(ms, finish);
      signal.addEventListener("abort", finish, { once: true });
    });
  }
}

/** Asked anew each time, which the compiler does not expect of a property. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
