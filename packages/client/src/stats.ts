/**
 * What became of the events of a client, since it was made. At any moment
 * `tracked + recovered = queued + inFlight + accepted + duplicate + all rejected + all dropped`.
 */
export type Stats = {
  /** Calls of `track`, on the client and its scopes. */
  readonly tracked: number;
  /** Events that an earlier process left in the spool, as far as they have been read. */
  readonly recovered: number;
  /** Waiting to be sent, for the first time or again. */
  readonly queued: number;
  /** Sent, and not yet known to be durable. */
  readonly inFlight: number;
  /** Bytes of memory that both take. */
  readonly bufferedBytes: number;
  /** Bytes of files of the spool; 0 without one. */
  readonly spooledBytes: number;
  /** Durable at the server. */
  readonly accepted: number;
  /** Durable at the server since an earlier attempt, or an earlier event with the same id. */
  readonly duplicate: number;
  /** Not acceptable, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Let go because of a bound or the end of the client, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Attempts that failed and were repeated. */
  readonly retries: number;
  /** The last failure, for people; absent when the last attempt went well. */
  readonly trouble?: string;
};

/** Adds up what becomes of events. */
export class Counters {
  tracked = 0;
  recovered = 0;
  accepted = 0;
  duplicate = 0;
  retries = 0;
  trouble: string | undefined;
  readonly #rejected = new Map<string, number>();
  readonly #dropped = new Map<string, number>();

  reject(reason: string, count: number): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count);
  }

  drop(reason: string, count: number): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
  }

  get rejected(): Record<string, number> {
    return Object.fromEntries(this.#rejected);
  }

  get dropped(): Record<string, number> {
    return Object.fromEntries(this.#dropped);
  }
}
