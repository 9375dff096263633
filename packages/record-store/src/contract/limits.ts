import { expect } from "vitest";
import { MAX_VALUE_BYTES } from "../limits.ts";
import type { Suite } from "./record-store-contract.ts";
import { changeOf } from "./samples.ts";

export function limitTests({ test }: Suite): void {
  test("takes a value of 1 MiB and refuses a larger one with invalid", async (store) => {
    const value = new Uint8Array(MAX_VALUE_BYTES).fill(7);
    await store.put(changeOf(0, "", { value }));
    const found = await store.get("project", "shop");
    expect(Buffer.compare(found?.value ?? new Uint8Array(), value)).toBe(0);
    const over = changeOf(1, "", { value: new Uint8Array(MAX_VALUE_BYTES + 1) });
    await expect(store.put(over)).rejects.toMatchObject({ kind: "invalid", reason: "MESSAGE_TOO_LARGE" });
  });

  test("refuses names and versions that cannot be, naming the field", async (store) => {
    const bad = [
      ["id", changeOf(0, "", { id: "" })],
      ["id", changeOf(0, "", { id: "é".repeat(129) })],
      ["id", changeOf(0, "", { id: "\ud800" })],
      ["collection", changeOf(0, "", { collection: "c".repeat(65) })],
      ["expected_version", changeOf(-1, "")],
      ["expected_version", changeOf(0.5, "")],
      ["expected_version", changeOf(0, undefined)],
    ] as const;
    for (const [field, change] of bad) {
      await expect(store.put(change)).rejects.toMatchObject({ kind: "invalid", violations: [{ field }] });
    }
  });

  test("takes names of the largest size", async (store) => {
    const [collection, id] = ["c".repeat(64), "é".repeat(128)];
    await store.put(changeOf(0, "x", { collection, id }));
    expect((await store.list(collection, { limit: 1 }))[0]?.id).toBe(id);
  });

  test("lists 1 to 1,000 records a call, no other number", async (store) => {
    expect(await store.list("project", { limit: 1_000 })).toEqual([]);
    for (const limit of [0, 1_001, 1.5]) {
      await expect(store.list("project", { limit })).rejects.toMatchObject({ kind: "invalid" });
    }
  });
}
