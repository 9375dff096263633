import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import type { Clock, Timer } from "../clock.ts";
import { Backoff } from "../send/backoff.ts";
import type { Answer, Update } from "./answer.ts";
import { failureOf } from "./failure-of.ts";
import type { CallOptions, Question } from "./question.ts";
import { factsOf, type PlainRow, toRow } from "./rows.ts";
import { toQuery } from "./to-query.ts";
import { WatchedRows } from "./watched-rows.ts";

const TIMEOUT_MS = 30_000;
const RECONNECT = { initialMs: 100, maxMs: 10_000 };
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
  readonly #closing = new AbortController();

  constructor(transport: Transport, clock: Clock) {
    this.#client = createClient(ReportingService, transport);
    this.#clock = clock;
  }

  /** Ends watches and refuses questions. */
  close(): void {
    this.#closing.abort();
  }

  /** See {@link Millrace.query}. */
  async query(question: Question, options: CallOptions = {}): Promise<Answer<PlainRow>> {
    const { signal, timeoutMs = TIMEOUT_MS } = options;
    const query = toQuery(question);
    if (isAborted(this.#closing.signal)) throw new Failure("cancelled", "CLOSED", "The client was closed.");
    const hold = this.#hold();
    const { result } = await this.#client
      .query({ query }, { timeoutMs, ...(signal && { signal }) })
      .catch((thrown: unknown) => Promise.reject(failureOf(thrown, this.#clock.now())))
      .finally(() => hold.cancel());
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
        const failure = failureOf(thrown, this.#clock.now());
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
