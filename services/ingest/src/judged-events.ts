import { BATCH_LIMITS } from "./event-limits.ts";

/**
 * What was decided of each event of a batch before it is asked whether it came before: columns by the event's index,
 * reused from batch to batch. Asking for all at once lets the processor wait for many places of a large table at a time.
 */
export class JudgedEvents {
  /** 1 for an event that is not rejected, else 0: then the other columns say nothing. */
  readonly isGood = new Uint8Array(BATCH_LIMITS.events);
  /** 1 for an event that was accepted lately. */
  readonly isKnown = new Uint8Array(BATCH_LIMITS.events);
  /** Stamped times, in epoch milliseconds. */
  readonly timeMs = new Float64Array(BATCH_LIMITS.events);
  readonly claimTimeMs = new Float64Array(BATCH_LIMITS.events);
  readonly partition = new Int32Array(BATCH_LIMITS.events);
  /** The id that ingest gave to the event, or "". */
  readonly assignedId: string[] = new Array(BATCH_LIMITS.events).fill("");
  /** The canonical encoding of an event that came in another; undefined: it is appended as it came. */
  readonly encoded: (Uint8Array | undefined)[] = new Array(BATCH_LIMITS.events).fill(undefined);
  #hasEncoded = false;

  /** Notes the canonical encoding of an event. */
  encode(index: number, bytes: Uint8Array): void {
    this.encoded[index] = bytes;
    this.#hasEncoded = true;
  }

  /** Lets go of what the batch held. */
  clear(): void {
    if (this.#hasEncoded) this.encoded.fill(undefined);
    this.#hasEncoded = false;
  }
}
