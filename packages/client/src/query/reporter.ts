import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import type { Clock } from "../clock.ts";
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

  constructor(transport: Transport, clock: Clock) {
    this.#client = createClient(ReportingService, transport);
    this.#clock = clock;
  }

  /** See {@link Millrace.query}. */
  async query(question: Question, options: CallOptions = {}): Promise<Answer<PlainRow>> {
    const { signal, timeoutMs = TIMEOUT_MS } = options;
    const query = toQuery(question);
    const { result } = await this.#client
      .query({ query }, { timeoutMs, ...(signal && { signal }) })
      .catch((thrown: unknown) => Promise.reject(failureOf(thrown)));
    if (result === undefined) throw new Failure("internal", "INTERNAL", "The server gave no answer.");
    const facts = factsOf(result);
    const exact = question.exact === true;
    return { ...facts, rows: result.rows.map((row) => toRow(facts.columns, row, exact)) };
  }

  /** See {@link Millrace.watch}. */
  async *watch(question: Question, { signal }: CallOptions = {}): AsyncGenerator<Update<PlainRow>> {
    const query = toQuery(question);
    const rows = new WatchedRows(question);
    const backoff = new Backoff(RECONNECT, this.#clock.random);
    while (!isAborted(signal)) {
      const ending = new AbortController();
      const end = (): void => ending.abort(signal?.reason);
      signal?.addEventListener("abort", end, { once: true });
      try {
        for await (const message of this.#client.watch({ query }, { signal: ending.signal })) {
          const update = rows.take(message);
          if (update === undefined) continue;
          backoff.reset();
          yield update;
        }
      } catch (thrown) {
        if (isAborted(signal)) return;
        const failure = failureOf(thrown);
        if (FINAL.has(failure.kind)) throw failure;
        await this.#pause(backoff.next(failure.retryAfterMs), signal);
        continue;
      } finally {
        // Also when the reader has had enough.
        signal?.removeEventListener("abort", end);
        ending.abort();
      }
      await this.#pause(backoff.next(), signal);
    }
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      // Somebody waits for the next rows, so the process goes on.
      const timer = this.#clock.after(ms, finish, true);
      signal?.addEventListener("abort", finish, { once: true });
    });
  }
}

/** Asked anew each time, which the compiler does not expect of a property. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}
