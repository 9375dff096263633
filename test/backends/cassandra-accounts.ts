import { setTimeout as delay } from "node:timers/promises";
import type { BlockKey, CellStore } from "@millrace/cell-store";
import { Failure } from "@millrace/failure";
import type { RecordStore } from "@millrace/record-store";
import { expect } from "vitest";

const text = (value: string) => new TextEncoder().encode(value);

/** What a writer of blocks knows of one block: the last state it sent, and the last that was acknowledged. */
export type BlockAccount = { readonly key: BlockKey; sent: number; acknowledged: number };

/** Accounts of as many blocks, over partitions and in one. */
export function blockAccounts(projectId: string, count: number): BlockAccount[] {
  return Array.from({ length: count }, (_, i) => {
    const place = { family: "main@1", generation: 1, granularity: "1h", bucket: 60 * (i % 16), slot: i % 7 };
    return { key: { projectId, ...place, source: `1:${i}` }, sent: 0, acknowledged: 0 };
  });
}

/** What writing was like. */
export type Writing = { readonly failures: readonly unknown[]; readonly longestMs: number };

/** Writes state after state of every block as a fold does: each until it succeeds, with the same bytes and write time. */
export async function keepWriting(
  store: CellStore,
  accounts: readonly BlockAccount[],
  isOver: () => boolean,
): Promise<Writing> {
  const failures: unknown[] = [];
  let longestMs = 0;
  for (let state = (accounts[0]?.sent ?? 0) + 1; !isOver(); state++) {
    for (const account of accounts) account.sent = state;
    const blocks = accounts.map(({ key }) => ({ key, wts: state, blob: text(`state ${state}`), keepMinutes: 30_240 }));
    const began = performance.now();
    await untilDone(() => store.writeBlocks(blocks), failures);
    longestMs = Math.max(longestMs, performance.now() - began);
    for (const account of accounts) account.acknowledged = state;
  }
  return { failures, longestMs };
}

/** Holds the store to the accounts: each block is in its last acknowledged state or a later one that was sent, and whole. */
export async function expectAccounts(store: CellStore, accounts: readonly BlockAccount[]): Promise<void> {
  // Writing may go on meanwhile: what is acknowledged after the reading began need not be seen by it.
  const before = accounts.map((account) => account.acknowledged);
  const blocks = await untilDone(() => store.readBlocks(accounts.map(({ key }) => key)));
  for (const [i, { key, sent }] of accounts.entries()) {
    const { wts = 0, blob } = blocks[i] ?? {};
    expect(wts, `${key.source} at ${key.bucket}`).toBeGreaterThanOrEqual(before[i] ?? 0);
    expect(wts).toBeLessThanOrEqual(sent);
    if (wts > 0) expect(new TextDecoder().decode(blob)).toBe(`state ${wts}`);
  }
}

/** Adds tokens to a record by reading, changing and trying again; gives those that were acknowledged, and those not known. */
export async function keepAdding(store: RecordStore, worker: string, isOver: () => boolean) {
  const acknowledged: string[] = [];
  const unknown: string[] = [];
  for (let n = 0; !isOver(); n++) {
    const token = `${worker}-${n}`;
    for (let isMade = false; !isMade && !isOver(); ) {
      const record = await untilDone(() => store.get("tokens", "all"));
      const before = record === undefined ? [] : new TextDecoder().decode(record.value).split(" ");
      const value = text([...before, token].join(" "));
      const change = { collection: "tokens", id: "all", expectedVersion: record?.version ?? 0, value };
      try {
        await store.put(change);
        acknowledged.push(token);
        isMade = true;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.kind === "unknownOutcome") {
          unknown.push(token);
          isMade = true;
        } else if (error.kind !== "stale" && error.kind !== "unavailable") throw error;
      }
    }
  }
  return { acknowledged, unknown };
}

/** Repeats what may be repeated until it succeeds, as the fold does; adds what failed to `failures`. */
async function untilDone<T>(work: () => Promise<T>, failures: unknown[] = []): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof Failure && ["unavailable", "unknownOutcome", "exhausted"].includes(error.kind);
      if (!isPassing || error.reason === "CLOSED") throw error;
      failures.push(error);
      await delay(50);
    }
  }
}
