import { expect } from "vitest";
import { MAX_BLOB_BYTES } from "../limits.ts";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, readText, scanAll } from "./samples.ts";

export function limitTests({ test }: Suite): void {
  test("a blob over 2 MiB must be refused with invalid, before anything is written", async (store) => {
    const over = { ...blockOf({ slot: 1 }, 1), blob: new Uint8Array(MAX_BLOB_BYTES + 1) };
    await expect(store.writeBlocks([blockOf({}, 1), over])).rejects.toMatchObject({
      kind: "invalid",
      reason: "MESSAGE_TOO_LARGE",
    });
    expect(await scanAll(store)).toEqual([]);
  });

  test("takes a blob of exactly 2 MiB", async (store) => {
    const blob = new Uint8Array(MAX_BLOB_BYTES).fill(7);
    await store.writeBlocks([{ ...blockOf({}, 1), blob }]);
    const [block] = await scanAll(store);
    expect(Buffer.compare(block?.blob ?? new Uint8Array(), blob)).toBe(0);
  });

  test("refuses keys and write times that cannot be, naming the field", async (store) => {
    const bad = [
      ["bucket", blockOf({ bucket: 0.5 }, 1)],
      ["slot", blockOf({ slot: -1 }, 1)],
      ["generation", blockOf({ generation: 0 }, 1)],
      ["project_id", blockOf({ projectId: "" }, 1)],
      ["source", blockOf({ source: "x".repeat(300) }, 1)],
      ["wts", blockOf({}, 2 ** 53)],
      ["keep_minutes", { ...blockOf({}, 1), keepMinutes: 0 }],
      ["keep_minutes", { ...blockOf({}, 1), keepMinutes: 0.5 }],
    ] as const;
    for (const [field, block] of bad) {
      const writing = store.writeBlocks([block]);
      await expect(writing).rejects.toMatchObject({ kind: "invalid", violations: [{ field }] });
    }
    expect(await readText(store)).toBeUndefined();
  });

  test("refuses a range that cannot be", async (store) => {
    await expect(scanAll(store, { fromBucket: Number.NaN })).rejects.toMatchObject({ kind: "invalid" });
    await expect(scanAll(store, { slots: [-1] })).rejects.toMatchObject({ kind: "invalid" });
  });
}
