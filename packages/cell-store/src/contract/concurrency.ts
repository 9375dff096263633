import { expect } from "vitest";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, readText, scanAll, shuffled, textOf } from "./samples.ts";

export function concurrencyTests({ test }: Suite): void {
  test("of states from many writers the one with the higher write time must stay, whatever the order", async (store) => {
    const slots = 20;
    const writers = Array.from({ length: 40 }, (_, writer) =>
      store.writeBlocks(
        shuffled(slots * 5).map((n) =>
          blockOf({ slot: n % slots }, 1 + Math.floor(n / slots) * 40 + ((writer * 7) % 40)),
        ),
      ),
    );
    await Promise.all(writers);
    const found = await scanAll(store);
    expect(found.map(textOf)).toEqual(Array.from({ length: slots }, () => "at 200"));
  });

  test("lets each of many calls at the same time resolve with its blocks stored", async (store) => {
    const calls = shuffled(200).map(async (slot) => {
      await store.writeBlocks([blockOf({ slot, projectId: `p${slot % 17}` }, 1)]);
      expect(await readText(store, { slot, projectId: `p${slot % 17}` })).toBe("at 1");
    });
    await Promise.all(calls);
  });

  test("one call that is refused leaves the others of the same moment alone", async (store) => {
    const [bad, good] = await Promise.allSettled([
      store.writeBlocks([blockOf({ bucket: -1 }, 1)]),
      store.writeBlocks([blockOf({}, 1)]),
    ]);
    expect([bad.status, good.status]).toEqual(["rejected", "fulfilled"]);
    expect(await readText(store)).toBe("at 1");
  });

  test("a scan during writes gives whole blocks, each once", async (store) => {
    const write = (wts: number) =>
      store.writeBlocks(Array.from({ length: 1_000 }, (_, slot) => blockOf({ slot }, wts)));
    await write(1);
    const [, found] = await Promise.all([write(2), scanAll(store)]);
    expect(new Set(found.map(({ key }) => key.slot)).size).toBe(1_000);
    expect(found).toHaveLength(1_000);
    for (const block of found) expect(textOf(block)).toBe(`at ${block.wts}`);
  });
}
