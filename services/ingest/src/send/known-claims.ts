import { CLAIM_ID_BYTES, type ClaimStore, claimId, claimSlot, POSITION_BYTES } from "@millrace/cache";
import { uuidTimeMs } from "../event-id.ts";
import type { BatchFrame } from "../scan/batch-frame.ts";
import { EventScan } from "../scan/event-scan.ts";

/** Batches up to this size are looked up: people's calls, not the flood. */
const LOOKUP_EVENTS_MAX = 100;
const LOOKUP_TIMEOUT_MS = 100;

const scan = new EventScan();

/**
 * The events of a small batch whose ids are claimed already: duplicates that this process does not remember. What it
 * misses, or a store that does not answer at once, is no harm: processing finds every duplicate.
 */
export async function findClaimed(
  claims: ClaimStore | undefined,
  frame: BatchFrame,
  projectId: string,
  imported: boolean,
): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  if (claims === undefined || frame.count > LOOKUP_EVENTS_MAX) return found;
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
  if (count === 0) return found;
  try {
    const batch = { count, ids: ids.subarray(0, CLAIM_ID_BYTES * count), slots: slots.subarray(0, count) };
    const owners = await claims.lookup(batch, { signal: AbortSignal.timeout(LOOKUP_TIMEOUT_MS) });
    for (let i = 0; i < count; i++) {
      const owner = owners.subarray(POSITION_BYTES * i, POSITION_BYTES * (i + 1));
      if (owner.some((byte) => byte !== 0)) found.add(indexes[i]!);
    }
  } catch {
    // Answered without: see above.
  }
  return found;
}
