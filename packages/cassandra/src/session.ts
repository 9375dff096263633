import { Failure } from "@millrace/failure";
import cassandra from "cassandra-driver";
import { cancelled, cassandraFailure } from "./failure.ts";
import { pause } from "./pause.ts";

/** A statement with its values, in the order of its question marks. */
export type Statement = { readonly query: string; readonly params: readonly unknown[] };
/** A row, by column. Integers of 64 bits are bigint, blobs are Buffer. */
export type CqlRow = Readonly<Record<string, unknown>>;

type Limits = { readonly keyspace: string; readonly maxInFlight: number; readonly retryForMs: number };
type Call = { readonly doing: string; readonly writes: boolean; readonly signal: AbortSignal | undefined };

const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 1_000;
const PAGE_ROWS = 1_000;
/** More requests than this never wait for their turn. */
const WAITING_MAX = 65_536;

/**
 * A connection to a cluster that repeats what may be repeated, and holds what is under way within bounds. A request that
 * was sent can't be taken back: an abort ends the wait alone.
 */
export class CassandraSession {
  readonly keyspace: string;
  readonly #client: cassandra.Client;
  readonly #limits: Limits;
  readonly #waiting = new Set<() => void>();
  readonly #closed = new AbortController();
  #inFlight = 0;

  constructor(client: cassandra.Client, limits: Limits) {
    this.#client = client;
    this.#limits = limits;
    this.keyspace = limits.keyspace;
  }

  /** All rows of a query that gives few. Repeated until it succeeds or its time is over. */
  async read(doing: string, statement: Statement, signal?: AbortSignal): Promise<readonly CqlRow[]> {
    const rows: CqlRow[] = [];
    for await (const page of this.pages(doing, statement, signal)) rows.push(...page);
    return rows;
  }

  /** The rows of a query, page by page. */
  async *pages(
    doing: string,
    { query, params }: Statement,
    signal?: AbortSignal,
    fetchSize = PAGE_ROWS,
  ): AsyncGenerator<readonly CqlRow[], void, undefined> {
    let pageState: string | undefined;
    do {
      const options = { fetchSize, isIdempotent: true, ...(pageState && { pageState }) };
      const result = await this.#untilDone({ doing, writes: false, signal }, () =>
        this.#client.execute(query, [...params], options),
      );
      yield result.rows;
      pageState = result.pageState ?? undefined;
    } while (pageState);
  }

  /**
   * Writes statements that may be made twice and in any order; several must be of one partition, and are then one
   * mutation of it. A timeout says nothing about the outcome, so it is repeated like any other failure.
   */
  async write(doing: string, statements: readonly Statement[], signal?: AbortSignal): Promise<void> {
    const [first] = statements;
    if (first === undefined) return;
    const send =
      statements.length === 1
        ? () => this.#client.execute(first.query, [...first.params], { isIdempotent: true })
        : () =>
            this.#client.batch(
              statements.map(({ query, params }) => ({ query, params: [...params] })),
              { logged: false, isIdempotent: true },
            );
    await this.#untilDone({ doing, writes: true, signal }, send);
  }

  /**
   * A lightweight transaction, sent once: whether it was applied. Where that is not known it fails with
   * `unknownOutcome`: {@link readSerial} settles it.
   */
  async applyIf(doing: string, statements: readonly Statement[], signal?: AbortSignal): Promise<boolean> {
    const options = { logged: true, isIdempotent: false, serialConsistency: cassandra.types.consistencies.localSerial };
    const [first] = statements;
    const result = await this.#once({ doing, writes: true, signal }, () =>
      statements.length === 1 && first !== undefined
        ? this.#client.execute(first.query, [...first.params], options)
        : this.#client.batch(
            statements.map(({ query, params }) => ({ query, params: [...params] })),
            options,
          ),
    );
    return result.wasApplied();
  }

  /** Rows of one partition, after every transaction on it that could still be made is made or can be no more. */
  async readSerial(doing: string, { query, params }: Statement, signal?: AbortSignal): Promise<readonly CqlRow[]> {
    const options = { consistency: cassandra.types.consistencies.localSerial, isIdempotent: true };
    const call = { doing, writes: false, signal };
    return (await this.#untilDone(call, () => this.#client.execute(query, [...params], options))).rows;
  }

  /** Sends a statement that changes the schema, and waits until the nodes agree on it. */
  async define(doing: string, query: string): Promise<void> {
    await this.#untilDone({ doing, writes: true, signal: undefined }, () =>
      this.#client.execute(query, [], { prepare: false, isIdempotent: true }),
    );
  }

  /** Fails with `unavailable` (CLOSED) when closed, and with `cancelled` when the signal is aborted. */
  enter(signal?: AbortSignal): void {
    if (this.#closed.signal.aborted) throw new Failure("unavailable", "CLOSED", "the store is closed");
    if (signal?.aborted) throw cancelled(signal);
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    // Nothing is left to be told to anybody: what was under way has failed with `unavailable`.
    await this.#client.shutdown().catch(() => {});
  }

  async #untilDone<T>(call: Call, send: () => Promise<T>): Promise<T> {
    const started = performance.now();
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        return await this.#once(call, send);
      } catch (error) {
        if (!isPassing(error) || performance.now() - started > this.#limits.retryForMs) throw error;
        // Spread, so that those who failed together do not come back together.
        const signal = AbortSignal.any([this.#closed.signal, ...(call.signal ? [call.signal] : [])]);
        await pause(waitMs * (0.5 + Math.random()), signal);
      }
    }
  }

  async #once<T>({ doing, writes, signal }: Call, send: () => Promise<T>): Promise<T> {
    this.enter(signal);
    if (this.#inFlight >= this.#limits.maxInFlight) await this.#turn(signal);
    else this.#inFlight++;
    let sent: Promise<T> | undefined;
    try {
      this.enter(signal);
      sent = send();
      return await untilAborted(sent, signal);
    } catch (error) {
      this.enter(signal);
      throw cassandraFailure(error, doing, writes);
    } finally {
      // What was sent is under way until it is answered, also where nobody waits for it any more.
      if (signal?.aborted && sent !== undefined) sent.then(this.#handOn, this.#handOn);
      else this.#handOn();
    }
  }

  /** Gives the place of a request that has ended to the next. */
  readonly #handOn = (): void => {
    const [next] = this.#waiting;
    if (next === undefined) this.#inFlight--;
    else next();
  };

  /** Waits until a request that is under way hands its place on. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= WAITING_MAX) {
      throw new Failure("exhausted", "OVERLOADED", "too many requests wait for Cassandra; try again later");
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        this.#waiting.delete(go);
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const abort = () => {
        this.#waiting.delete(go);
        reject(cancelled(signal));
      };
      this.#waiting.add(go);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Failure) || error.reason === "CLOSED") return false;
  return error.kind === "unavailable" || error.kind === "unknownOutcome";
}

/** What a promise gives, or the abort, whichever is first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(cancelled(signal));
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
