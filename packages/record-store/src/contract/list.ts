import { expect } from "vitest";
import type { RecordPage, RecordStore } from "../record-store.ts";
import type { Suite } from "./record-store-contract.ts";
import { changeOf } from "./samples.ts";

export function listTests({ test }: Suite): void {
  test("lists a collection in the order of the ids' bytes", async (store) => {
    // By UTF-16 units the emoji would come before the last one; by bytes it comes after.
    const ids = ["a", "B", "é", "a/b", "a0", "😀", "ﬁ", "_"];
    await create(store, ids);
    await store.put(changeOf(0, "x", { collection: "key", id: "other" }));
    const byBytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await idsOf(store, { limit: 100 })).toEqual(byBytes);
  });

  test("lists those that begin with a prefix", async (store) => {
    await create(store, ["a", "a/1", "a/2", "a0", "b", "A/3", "a_1", "a%"]);
    expect(await idsOf(store, { prefix: "a/", limit: 100 })).toEqual(["a/1", "a/2"]);
    expect(await idsOf(store, { prefix: "a_", limit: 100 })).toEqual(["a_1"]);
    expect(await idsOf(store, { prefix: "c", limit: 100 })).toEqual([]);
  });

  test("goes on after an id, exclusive, whether or not it exists", async (store) => {
    await create(store, ["a1", "a2", "a3", "b1"]);
    expect(await idsOf(store, { prefix: "a", afterId: "a1", limit: 1 })).toEqual(["a2"]);
    expect(await idsOf(store, { prefix: "a", afterId: "a2", limit: 10 })).toEqual(["a3"]);
    expect(await idsOf(store, { afterId: "a25", limit: 10 })).toEqual(["a3", "b1"]);
    expect(await idsOf(store, { prefix: "b", afterId: "a1", limit: 10 })).toEqual(["b1"]);
  });

  test("pages through a collection, each record once", async (store) => {
    const ids = Array.from({ length: 250 }, (_, n) => `p${String(n).padStart(3, "0")}`);
    await create(store, ids);
    const seen: string[] = [];
    for (let page = await idsOf(store, { limit: 100 }); page.length > 0; ) {
      seen.push(...page);
      page = await idsOf(store, { afterId: seen.at(-1) ?? "", limit: 100 });
    }
    expect(seen).toEqual(ids);
  });

  test("leaves deleted records out", async (store) => {
    await create(store, ["a", "b", "c"]);
    await store.put(changeOf(1, undefined, { id: "b" }));
    expect(await idsOf(store, { limit: 2 })).toEqual(["a", "c"]);
  });

  test("gives versions and values", async (store) => {
    await store.put(changeOf(0, "one"));
    const version = await store.put(changeOf(1, "two"));
    const value = new TextEncoder().encode("two");
    const listed = await store.list("project", { limit: 1 });
    expect(listed).toEqual([{ collection: "project", id: "shop", version, value }]);
  });
}

async function create(store: RecordStore, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => store.put(changeOf(0, id, { id }))));
}

async function idsOf(store: RecordStore, page: RecordPage): Promise<string[]> {
  return (await store.list("project", page)).map(({ id }) => id);
}
