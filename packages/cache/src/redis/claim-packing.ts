import type { ClaimBatch } from "../cache.ts";
import { CLAIM_ID_BYTES } from "../claim-format.ts";
import { POSITION_BYTES, packPosition, unpackPosition } from "../position.ts";
import { STORED_ID_BYTES } from "./claim-scripts.ts";

/** By how many tags claims are spread over the nodes of a Cluster: the low 4 bits of the id's first byte. */
export const TAGS = 16;
/** Three numbers of up to 3 bytes, and one of up to 7. */
const MAX_POSITION_BYTES = 16;

/** Claims of one tag and slot: their places in the batch, in its order. */
type Group = { readonly tag: number; readonly slot: number; readonly indexes: number[] };

/** One call to the server: groups, and the place in the batch of each of its claims in the order of its rows. */
export type PackedCall = {
  readonly tag: number;
  readonly count: number;
  readonly groups: readonly { readonly tag: number; readonly slot: number; readonly rows: Buffer }[];
  readonly indexes: readonly number[];
};

/**
 * Packs a batch into calls of at most `maxClaims` claims. Claims of the same id keep their order: give the calls to the
 * server one after another. For a Cluster each call has claims of one tag, and with `everyTag` each slot comes in the calls
 * of all tags, if without rows, so that it is extended everywhere.
 */
export function packCalls(
  batch: Omit<ClaimBatch, "positions"> & Partial<ClaimBatch>,
  maxClaims: number,
  cluster: false | { readonly everyTag: boolean },
): PackedCall[] {
  const calls: PackedCall[] = [];
  let open: Group[] = [];
  let count = 0;
  const end = () => {
    if (open.length > 0) calls.push(packCall(open, count, batch));
    open = [];
    count = 0;
  };
  for (const group of groupsOf(batch, cluster !== false && cluster.everyTag)) {
    let from = 0;
    do {
      if (count === maxClaims || (cluster !== false && open.length > 0 && open[0]!.tag !== group.tag)) end();
      const indexes = group.indexes.slice(from, from + maxClaims - count);
      open.push({ ...group, indexes });
      count += indexes.length;
      from += indexes.length;
    } while (from < group.indexes.length);
  }
  end();
  return calls;
}

/** Groups in the order of their tags. */
function groupsOf({ count, ids, slots }: Omit<ClaimBatch, "positions">, everyTag: boolean): Group[] {
  const tags = Array.from({ length: TAGS }, () => new Map<number, Group>());
  for (let i = 0; i < count; i++) {
    const tag = ids[i * CLAIM_ID_BYTES]! % TAGS;
    const slot = slots[i]!;
    const group = tags[tag]!.get(slot);
    if (group === undefined) tags[tag]!.set(slot, { tag, slot, indexes: [i] });
    else group.indexes.push(i);
  }
  if (everyTag) {
    const all = new Set(slots.subarray(0, count));
    tags.forEach((groups, tag) => {
      for (const slot of all) if (!groups.has(slot)) groups.set(slot, { tag, slot, indexes: [] });
    });
  }
  return tags.flatMap((groups) => [...groups.values()]);
}

function packCall(
  groups: readonly Group[],
  count: number,
  { ids, positions }: { readonly ids: Uint8Array; readonly positions?: Uint8Array },
): PackedCall {
  return {
    tag: groups[0]!.tag,
    count,
    groups: groups.map(({ tag, slot, indexes }) => ({ tag, slot, rows: packRows(indexes, ids, positions) })),
    indexes: groups.flatMap((group) => group.indexes),
  };
}

function packRows(indexes: readonly number[], ids: Uint8Array, positions: Uint8Array | undefined): Buffer {
  const rowBytes = STORED_ID_BYTES + (positions === undefined ? 0 : 1 + MAX_POSITION_BYTES);
  const rows = Buffer.allocUnsafe(indexes.length * rowBytes);
  let at = 0;
  for (const i of indexes) {
    const id = i * CLAIM_ID_BYTES;
    for (let byte = 0; byte < STORED_ID_BYTES; byte++) rows[at++] = ids[id + byte]!;
    if (positions === undefined) continue;
    const lengthAt = at++;
    at = packShortPosition(positions, i * POSITION_BYTES, rows, at);
    rows[lengthAt] = at - lengthAt - 1;
  }
  return rows.subarray(0, at);
}

/**
 * Writes a packed position in its short form to `out` at `at`, and gives where it ends: generation, partition, index and
 * offset as base-128 varints (least significant first), some 8 bytes instead of 12.
 */
export function packShortPosition(positions: Uint8Array, from: number, out: Uint8Array, at: number): number {
  const position = unpackPosition(positions, from) ?? { generation: 0, partition: 0, offset: 0, index: 0 };
  let end = writeVarint(position.generation, out, at);
  end = writeVarint(position.partition, out, end);
  end = writeVarint(position.index, out, end);
  return writeVarint(position.offset, out, end);
}

/** Writes the position, 12 bytes, whose short form `bytes` holds, to `out` at `at`. */
export function unpackShortPosition(bytes: Uint8Array, out: Uint8Array, at: number): void {
  let from = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; from < bytes.length; scale *= 128) {
      const byte = bytes[from++]!;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  const [generation, partition, index, offset] = [next(), next(), next(), next()];
  packPosition({ generation, partition, index, offset }, out, at);
}

function writeVarint(value: number, out: Uint8Array, at: number): number {
  let rest = value;
  let end = at;
  while (rest > 127) {
    out[end++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  out[end++] = rest;
  return end;
}
