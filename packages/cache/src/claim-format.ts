/**
 * The claim format, version 1: which 128 bits stand for an event id, and in which time slot its claim is filed. Stored
 * claims depend on all of it, so it never changes while claims are kept. docs/formats/claim.md explains it.
 */

import { hashWords, murmur3, murmur3Text } from "@millrace/hash";

/** The width of a slot of live events. */
export const LIVE_SLOT_MS = 60_000;
/** The width of a slot of imported events: imports span years, and are kept as long as the longest of them lasts. */
export const IMPORT_SLOT_MS = 86_400_000;
/** Added to the slots of imports, so that they are never those of live events: no time in range reaches it. */
export const IMPORT_SLOT_BASE = 2 ** 40;
/** Claim times from here on are no moments but places of streams; the year 9999 ends before. */
const STREAM_CLAIM_MS = 2 ** 48;
/** Claim times from here on are this and the moment at which an event without any time was received. */
const UNTIMED_CLAIM_MS = 2 ** 49;
/** Added to the days of events without any time. */
const UNTIMED_SLOT_BASE = 2 ** 41;
const UNTIMED_IMPORT_SLOT_BASE = 2 ** 42;
/** Bytes of a claim id. */
export const CLAIM_ID_BYTES = 16;

// Projects whose hashes are remembered. A hundred thousand active projects are normal; each takes some 100 bytes.
const MAX_REMEMBERED_PROJECTS = 131_072;
const projectHashes = new Map<string, Uint32Array>();

/**
 * Writes the claim id of an event, 16 bytes, to `out` at `outOffset`: with P the 128-bit hash of the project id (seed
 * 0), the hash of the event id seeded with P's first word, XOR P. So it depends on all bits of both.
 *
 * @param idBytes holds the event id in `[from, to)`, as UTF-8
 */
export function claimId(
  projectId: string,
  idBytes: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  outOffset: number,
): void {
  const project = projectHash(projectId);
  murmur3(idBytes, from, to, project[0]!);
  for (let i = 0; i < 4; i++) {
    const word = hashWords[i]! ^ project[i]!;
    const at = outOffset + 4 * i;
    out[at] = word;
    out[at + 1] = word >>> 8;
    out[at + 2] = word >>> 16;
    out[at + 3] = word >>> 24;
  }
}

/**
 * The claim time of an event with neither an id nor a time of its own, on a stream: a value past all real times, made
 * from the stream id and a block of 256 sequences. A message that is sent again is filed where it was the first time,
 * whenever that is, and a stream's claims lie together.
 *
 * @param sequence the message's number, 0 or more
 */
export function streamClaimTime(streamId: string, sequence: bigint): number {
  murmur3Text(`${streamId}\n${sequence / 256n}`, 0);
  return STREAM_CLAIM_MS + (hashWords[0]! >>> 2) * LIVE_SLOT_MS;
}

/**
 * The claim time of an event with an id of its own that says no time, and without a time: filed by the day in which it
 * was received. Its retry may come a day later, so the slots of the days beside are asked as well.
 */
export function untimedClaimTime(receivedAtMs: number): number {
  return UNTIMED_CLAIM_MS + receivedAtMs;
}

/**
 * The slot in which an event's claim is filed, a whole number.
 *
 * @param claimTimeMs the time by which it is filed, in epoch milliseconds: the UUIDv7's own, else the time as sent, else
 *   what {@link streamClaimTime} or {@link untimedClaimTime} gives
 * @param imported whether it came by a key with the scope IMPORT; such claims are separate from the live ones
 */
export function claimSlot(claimTimeMs: number, imported: boolean): number {
  if (claimTimeMs >= UNTIMED_CLAIM_MS) {
    const base = imported ? UNTIMED_IMPORT_SLOT_BASE : UNTIMED_SLOT_BASE;
    return base + Math.floor((claimTimeMs - UNTIMED_CLAIM_MS) / IMPORT_SLOT_MS);
  }
  return imported
    ? IMPORT_SLOT_BASE + Math.floor(claimTimeMs / IMPORT_SLOT_MS)
    : Math.floor(claimTimeMs / LIVE_SLOT_MS);
}

/** Whether an event was filed by the day of its receipt: a copy's claim may then be in the slot before or after. */
export function isUntimedClaim(claimTimeMs: number): boolean {
  return claimTimeMs >= UNTIMED_CLAIM_MS;
}

/** The moment from which a claim's life is counted, in epoch milliseconds; 0 where the claim time is no moment. */
export function claimMoment(claimTimeMs: number): number {
  if (claimTimeMs >= UNTIMED_CLAIM_MS) return claimTimeMs - UNTIMED_CLAIM_MS;
  return claimTimeMs >= STREAM_CLAIM_MS ? 0 : claimTimeMs;
}

function projectHash(projectId: string): Uint32Array {
  let hash = projectHashes.get(projectId);
  if (hash === undefined) {
    murmur3Text(projectId, 0);
    hash = hashWords.slice();
    // To forget them all now and then costs less than to keep them in an order of use.
    if (projectHashes.size === MAX_REMEMBERED_PROJECTS) projectHashes.clear();
    projectHashes.set(projectId, hash);
  }
  return hash;
}
