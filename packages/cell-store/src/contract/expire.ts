import { expect } from "vitest";
import type { CellStore } from "../cell-store.ts";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, scanAll } from "./samples.ts";

export function expireTests({ test }: Suite): void {
  const needs = "expire";

  test(
    "forgets the blocks before a bucket, and says how many",
    async (store) => {
      await store.writeBlocks([60, 120, 180, 6_000].map((bucket) => blockOf({ bucket }, 1)));
      expect(await expireAll(store, "shop", "1h", 180)).toBe(2);
      expect((await scanAll(store)).map(({ key }) => key.bucket)).toEqual([180, 6_000]);
    },
    needs,
  );

  test(
    "leaves other projects and granularities alone",
    async (store) => {
      await store.writeBlocks([blockOf({}, 1), blockOf({ projectId: "other" }, 1), blockOf({ granularity: "1d" }, 1)]);
      expect(await expireAll(store, "shop", "1h", 10_000)).toBe(1);
      expect(await scanAll(store, { projectId: "other" })).toHaveLength(1);
      expect(await scanAll(store, { granularity: "1d" })).toHaveLength(1);
    },
    needs,
  );

  test(
    "forgets the blocks of every family, generation, slot and source",
    async (store) => {
      const parts = [{}, { family: "pages@4" }, { generation: 2 }, { slot: 3 }, { source: "1:9" }];
      await store.writeBlocks(parts.map((part) => blockOf(part, 1)));
      expect(await expireAll(store, "shop", "1h", 10_000)).toBe(parts.length);
    },
    needs,
  );

  test(
    "forgets a bounded number at a time, and all of them when called again until it gives 0",
    async (store) => {
      await store.writeBlocks(
        Array.from({ length: 12_000 }, (_, slot) => blockOf({ slot, bucket: 60 * (slot % 50) }, 1)),
      );
      const first = await store.expire("shop", "1h", 100_000);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(12_000);
      expect(first + (await expireAll(store, "shop", "1h", 100_000))).toBe(12_000);
      expect(await scanAll(store)).toEqual([]);
    },
    needs,
  );

  test(
    "takes blocks before the bucket again, and forgets them again",
    async (store) => {
      await store.writeBlocks([blockOf({ bucket: 60 }, 5)]);
      await expireAll(store, "shop", "1h", 600);
      await store.writeBlocks([blockOf({ bucket: 60 }, 4)]);
      expect(await scanAll(store)).toHaveLength(1);
      expect(await expireAll(store, "shop", "1h", 600)).toBe(1);
      expect(await scanAll(store)).toEqual([]);
    },
    needs,
  );

  test("gives 0 where there is nothing to forget", async (store) => {
    expect(await store.expire("nobody", "1h", 1_000)).toBe(0);
  });
}

async function expireAll(store: CellStore, projectId: string, granularity: string, before: number): Promise<number> {
  let sum = 0;
  for (let gone = -1; gone !== 0; sum += gone) gone = await store.expire(projectId, granularity, before);
  return sum;
}
