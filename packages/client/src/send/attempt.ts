import type { Batch } from "../buffer/batch.ts";

/** Events that were not accepted, for a reason. */
export type Refusal = {
  /** Why, such as `EVENT_TIME_INVALID`. */
  readonly reason: string;
  readonly count: number;
  readonly message: string;
  /** The first of them, where it is known. */
  readonly eventId?: string;
  readonly field?: string;
};

/** How an attempt ended without failing. */
export type Answer = {
  /** Everything up to and including this sequence is settled; -1 for nothing. */
  readonly through: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly refusals: readonly Refusal[];
  /** The frames of a settled batch that are to be sent again, and how many they are. */
  readonly remainder?: { readonly batch: Batch; readonly frames: Uint8Array; readonly count: number } | undefined;
  /** True when the server had trouble, so that the next attempt should not come at once. */
  readonly isTroubled: boolean;
};

/** One call to the server, which takes batches for a while and says in the end which of them are settled. */
export interface Attempt {
  /** Sends a batch, behind the ones before. */
  push(batch: Batch): void;
  /** Sends no more: the server is asked for its answer. Idempotent. */
  end(): void;
  /** How many batches the connection has taken: while this grows, the server is only slow. */
  readonly sent: number;
  /** Gives up: the answer rejects soon. */
  abort(reason: Error): void;
  /** The server's answer. Rejects with whatever failed. It may come before `end`. */
  readonly answer: Promise<Answer>;
}

/** A way to reach the server. */
export interface Carrier {
  open(): Attempt;
  /** The bounds of one attempt. */
  readonly limits: {
    readonly batches: number;
    readonly bytes: number;
    /** After how long an attempt is ended, so that its events become known to be durable. */
    readonly ageMs: number;
    /** Attempts that wait for their answers, while another one is open. */
    readonly unanswered: number;
    /** How long an answer may take from the end, or from the last batch that the connection took. */
    readonly answerMs: number;
  };
  /** Frees connections. */
  close(): void;
}
