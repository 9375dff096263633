import { expect } from "vitest";
import type { Suite } from "./record-store-contract.ts";
import { changeOf, readText } from "./samples.ts";

const stale = { kind: "stale", reason: "ETAG_MISMATCH" };

export function putTests({ test, reopen }: Suite): void {
  test("gives undefined for a record that is not there", async (store) => {
    expect(await store.get("project", "shop")).toBeUndefined();
  });

  test("creates with version 1, and each change raises the version", async (store) => {
    expect(await store.put(changeOf(0, "one"))).toBe(1);
    const version = await store.put(changeOf(1, "two"));
    expect(version).toBeGreaterThan(1);
    const value = new TextEncoder().encode("two");
    expect(await store.get("project", "shop")).toEqual({ collection: "project", id: "shop", version, value });
  });

  const durable = "must be durable when it resolves";
  test(
    durable,
    async (store) => {
      await store.put(changeOf(0, "kept"));
      expect(await readText(await reopen(store))).toBe("kept");
    },
    "reopen",
  );

  test("where the version is not the expected one it must fail with stale and change nothing", async (store) => {
    await expect(store.put(changeOf(3, "changed"))).rejects.toMatchObject(stale);
    const version = await store.put(changeOf(0, "created"));
    for (const expected of [version - 1, version + 1]) {
      await expect(store.put(changeOf(expected, "changed"))).rejects.toMatchObject(stale);
    }
    await expect(store.put(changeOf(version + 1, undefined))).rejects.toMatchObject(stale);
    expect(await readText(store)).toBe("created");
  });

  test("deletes a record of the expected version", async (store) => {
    const version = await store.put(changeOf(0, "one"));
    await store.put(changeOf(version, undefined));
    expect(await store.get("project", "shop")).toBeUndefined();
    await expect(store.put(changeOf(version, "changed"))).rejects.toMatchObject(stale);
  });

  test("a record created again after a deletion has a higher version still", async (store) => {
    const created = await store.put(changeOf(0, "one"));
    const deleted = await store.put(changeOf(created, undefined));
    const again = await store.put(changeOf(0, "two"));
    expect(deleted).toBeGreaterThan(created);
    expect(again).toBeGreaterThan(deleted);
  });

  const remembered = "versions go on rising over deletion, reopening and creation";
  test(
    remembered,
    async (store) => {
      const created = await store.put(changeOf(0, "one"));
      const deleted = await store.put(changeOf(created, undefined));
      const reopened = await reopen(store);
      expect(await reopened.put(changeOf(0, "two"))).toBeGreaterThan(deleted);
    },
    "reopen",
  );

  test("tells collections and ids apart, and their case", async (store) => {
    await store.put(changeOf(0, "a"));
    await store.put(changeOf(0, "b", { id: "Shop" }));
    await store.put(changeOf(0, "c", { collection: "key" }));
    expect([await readText(store), await readText(store, "Shop")]).toEqual(["a", "b"]);
  });

  test("takes an empty value, which is not a deletion", async (store) => {
    await store.put(changeOf(0, ""));
    expect(await readText(store)).toBe("");
  });

  test("what was written durably before the call must be seen", async (store) => {
    for (let version = 0; version < 20; version = await store.put(changeOf(version, `after ${version}`))) {
      expect((await store.get("project", "shop"))?.version ?? 0).toBe(version);
    }
  });

  test("refuses a change whose signal is aborted, and makes none", async (store) => {
    const put = store.put(changeOf(0, "one"), { signal: AbortSignal.abort() });
    await expect(put).rejects.toMatchObject({ kind: "cancelled", reason: "CANCELLED" });
    expect(await readText(store)).toBeUndefined();
  });
}
