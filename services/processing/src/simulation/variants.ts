/**
 * Systems that are built wrong in one way each: what surrounds real processing, its ports, does not keep what the design
 * says. Histories must find each of them out; if they did not, they would prove nothing of the design as it is.
 */
import { crc32 } from "node:zlib";
import { type ClaimBatch, type ClaimStore, POSITION_BYTES } from "@millrace/cache";
import type { CellStore, StoredBlock } from "@millrace/cell-store";
import { ENRICHMENT_VERSIONS } from "@millrace/enrichment";
import { ByteReader } from "@millrace/rollup";
import type { Variant } from "./history.ts";
import { blockName } from "./simulated-store.ts";
import { EPOCH_MS } from "./traffic.ts";
import type { Actor, World } from "./world.ts";

/** Blocks are written at the time of the writer's clock, not at the one that follows from the log. */
function timedByClock(store: CellStore, _actor: Actor, world: World): CellStore {
  let last = 0;
  const stamp = () => {
    last = Math.max(last + 1, Math.floor((EPOCH_MS + world.nowMs) * 1_000));
    return last;
  };
  const writeBlocks: CellStore["writeBlocks"] = (blocks, options) =>
    store.writeBlocks(
      blocks.map((block) => ({ ...block, wts: stamp() })),
      options,
    );
  return { ...store, writeBlocks };
}

/** Writes are taken for done before they are: they are still on their way when the offset is committed. */
function acknowledgedEarly(store: CellStore, actor: Actor, world: World): CellStore {
  const writeBlocks: CellStore["writeBlocks"] = async (blocks, options) => {
    const write = () => void store.writeBlocks(blocks, options).catch(() => world.after(50, actor, "again", write));
    world.after(world.random() * 1_500, actor, "write behind", write);
  };
  return { ...store, writeBlocks };
}

/** A block that is read says that nothing was folded into it, so that no record is skipped. */
function withoutOffsets(store: CellStore): CellStore {
  const readBlocks: CellStore["readBlocks"] = async (keys, options) => {
    const found = await store.readBlocks(keys, options);
    return found.map((block) => block && { ...block, blob: forgetOffset(block.blob) });
  };
  return { ...store, readBlocks };
}

/** The same block, as if no record had been folded into it: its header's third field is the offset, plus one. */
function forgetOffset(blob: Uint8Array): Uint8Array {
  const reader = new ByteReader(blob, 2);
  reader.varint();
  const body = Buffer.concat([blob.subarray(0, 2), Buffer.of(0), blob.subarray(reader.position, blob.length - 4)]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body));
  return Buffer.concat([body, checksum]);
}

/**
 * What was read is not written again. That is sound only where a read shows what no later read can miss, so it rests on
 * read repair alone.
 */
function trustingReads(store: CellStore): CellStore {
  const read = new Map<string, number>();
  return {
    ...store,
    async readBlocks(keys, options) {
      const found = await store.readBlocks(keys, options);
      for (const block of found) if (block !== undefined) read.set(blockName(block.key), block.wts);
      return found;
    },
    async writeBlocks(blocks, options) {
      const isNews = ({ key, wts }: StoredBlock) => wts > (read.get(blockName(key)) ?? -1);
      const news = blocks.filter(isNews);
      if (news.length > 0) await store.writeBlocks(news, options);
    },
  };
}

/** Claims say only whether an id was claimed before, not by whom: as set-if-absent does. */
function withoutOwner(claims: ClaimStore): ClaimStore {
  return {
    ...claims,
    async claim(batch, until, options) {
      const before = await claims.lookup(batch, options);
      const answer = new Uint8Array(await claims.claim(batch, until, options));
      for (let i = 0; i < before.length; i += POSITION_BYTES) {
        // Whoever it was: a replay of the very event looks like a duplicate.
        if (before.subarray(i, i + POSITION_BYTES).some((byte) => byte !== 0)) answer.fill(0, i, i + POSITION_BYTES);
      }
      return answer;
    },
  };
}

/** A claim's position names the record only, not the event in it. */
function withoutIndex(claims: ClaimStore): ClaimStore {
  const claim: ClaimStore["claim"] = (batch: ClaimBatch, until, options) => {
    for (let i = 1; i <= batch.count; i++) batch.positions.fill(0, i * POSITION_BYTES - 2, i * POSITION_BYTES);
    return claims.claim(batch, until, options);
  };
  return { ...claims, claim };
}

/** Positions that were counted without a claim, in a world: known everywhere at once, as no store can have it known. */
const counted = new WeakMap<World, Set<string>>();

/**
 * While the claims are away events count, once it is kept for good that they did; whoever folds them again reads that, and
 * counts them too. It does not help: another processor may have folded them by their claims before.
 */
function countingOn(claims: ClaimStore, _actor: Actor, world: World): ClaimStore {
  const marks = counted.get(world) ?? new Set();
  counted.set(world, marks);
  const claim: ClaimStore["claim"] = async (batch, until, options) => {
    const own = new Uint8Array(batch.positions);
    const at = (i: number) => own.subarray(i * POSITION_BYTES, (i + 1) * POSITION_BYTES);
    const names = Array.from({ length: batch.count }, (_, i) => Buffer.from(at(i)).toString("hex"));
    try {
      const owners = new Uint8Array(await claims.claim(batch, until, options));
      for (const [i, name] of names.entries()) if (marks.has(name)) owners.set(at(i), i * POSITION_BYTES);
      return owners;
    } catch {
      for (const name of names) marks.add(name);
      return own;
    }
  };
  return { ...claims, claim };
}

/** Events are folded by the version that the processor's release knows as the newest: every other one is a release behind. */
function currentVersion(release: string): number {
  const isOld = Number(release.split(" ")[1]) % 2 === 0;
  return ENRICHMENT_VERSIONS.at(isOld ? 0 : -1)!;
}

const QUORUM = { readReplicas: 2, readRepair: true } as const;

/** By what is wrong with them. */
export const BROKEN: Readonly<Record<string, Variant>> = {
  "the write time is the writer's clock": { cellStore: timedByClock },
  "an offset is committed before its blocks are stored": { cellStore: acknowledgedEarly },
  "records that a block has seen are folded again": { cellStore: withoutOffsets },
  "a claim does not say who made it": { claims: withoutOwner },
  "a claim's position has no index in the record": { claims: withoutIndex },
  "events count while the claims are away, though that is kept first": { claims: countingOn, symptom: /two states/ },
  "records name no version, and each release folds by its own": {
    sections: (sections, { name }) => sections.map((one) => ({ ...one, processingVersion: currentVersion(name) })),
  },
  "reads ask one replica": { reads: { ...QUORUM, readReplicas: 1, readRepair: false } },
  "what was read is not written again, and reads repair nothing": {
    cellStore: trustingReads,
    reads: { ...QUORUM, readRepair: false },
  },
};

/** Not as configured, and right all the same, by what they do without. */
export const SOUND: Readonly<Record<string, Variant>> = {
  "reads repair nothing: whatever was read is written again before the commit": {
    reads: { ...QUORUM, readRepair: false },
  },
  "what was read is not written again, since reads repair": { cellStore: trustingReads, reads: QUORUM },
};

const NOTHING_LOST = /^events of .* too few|lies/;

/** Where duplicates may count, and nothing else may go wrong: no event is lost, and no watermark lies. */
export const LENIENT: Readonly<Record<string, Variant>> = {
  "all claims are gone at once": { losesClaims: true, symptom: NOTHING_LOST },
  "events count while the claims are away": { claims: countingOn, symptom: NOTHING_LOST },
};
