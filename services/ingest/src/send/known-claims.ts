import { CLAIM_ID_BYTES, type ClaimStore, claimId, claimSlot, POSITION_BYTES } from "@millrace/cache";
import { uuidTimeMs } from "../event-id.ts";
import { OptionalLookup } from "../optional-lookup.ts";
import type { BatchFrame } from "../scan/batch-frame.ts";
import { EventScan } from "../scan/event-scan.ts";

/** The part of the claims that ingest asks. */
export type ClaimLookup = Pick<ClaimStore, "lookup">;

/** Batches up to this size are looked up: people's calls, not the flood. */
const LOOKUP_EVENTS_MAX = 100;
const LOOKUP_TIMEOUT_MS = 100;

const scan = new EventScan();

/**
 * Finds the events of small batches whose ids are claimed already: duplicates that this process does not remember. What
 * it misses, or a store that does not answer at once, is no harm: processing finds every duplicate.
 */
export class KnownClaims {
  readonly #claims: ClaimLookup;
  readonly #lookup: OptionalLookup;

  /** @param now in milliseconds, never going back */
  constructor(claims: ClaimLookup, now: () => number) {
    this.#claims = claims;
    this.#lookup = new OptionalLookup(LOOKUP_TIMEOUT_MS, now);
  }

  /** The indexes of those events of the batch that are found. Never fails. */
  async find(frame: BatchFrame, projectId: string, imported: boolean): Promise<ReadonlySet<number>> {
    const found = new Set<number>();
    if (frame.count > LOOKUP_EVENTS_MAX) return found;
    const { indexes, batch } = claimsOf(frame, projectId, imported);
    if (batch.count === 0) return found;
    const owners = await this.#lookup.find((signal) => this.#claims.lookup(batch, { signal }));
    if (owners === undefined) return found;
    for (const [i, index] of indexes.entries()) {
      const owner = owners.subarray(POSITION_BYTES * i, POSITION_BYTES * (i + 1));
      if (owner.some((byte) => byte !== 0)) found.add(index);
    }
    return found;
  }
}

/** The claims that a batch's events will make, as far as they are known by now, and the events' indexes. */
function claimsOf(frame: BatchFrame, projectId: string, imported: boolean) {
  const ids = new Uint8Array(CLAIM_ID_BYTES * frame.count);
  const slots = new Float64Array(frame.count);
  const indexes: number[] = [];
  for (let i = 0; i < frame.count; i++) {
    const [from, to] = [frame.ranges[2 * i]!, frame.ranges[2 * i + 1]!];
    if (!scan.accepts(frame.bytes, from, to) || scan.idTo === scan.idFrom) continue;
    const idTimeMs = uuidTimeMs(frame.bytes, scan.idFrom, scan.idTo);
    // Without a time of its own an event is filed by its arrival, which another arrival can't know.
    if (idTimeMs < 0 && !scan.hasTime) continue;
    const claimTimeMs = idTimeMs >= 0 ? idTimeMs : scan.seconds * 1000 + Math.floor(scan.nanos / 1e6);
    claimId(projectId, frame.bytes, scan.idFrom, scan.idTo, ids, CLAIM_ID_BYTES * indexes.length);
    slots[indexes.length] = claimSlot(claimTimeMs, imported);
    indexes.push(i);
  }
  const count = indexes.length;
  const batch = { count, ids: ids.subarray(0, CLAIM_ID_BYTES * count), slots: slots.subarray(0, count) };
  return { indexes, batch };
}
