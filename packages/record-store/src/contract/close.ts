import { expect } from "vitest";
import type { Suite } from "./record-store-contract.ts";
import { changeOf, readText } from "./samples.ts";

export function closeTests({ test, reopen }: Suite): void {
  test("is ready from its opening to its closing", async (store) => {
    await store.ready();
    await store.close();
    await expect(store.ready()).rejects.toMatchObject({ kind: "unavailable", reason: "CLOSED" });
  });

  test("after close every call must fail with unavailable (CLOSED)", async (store) => {
    await store.close();
    const closed = { kind: "unavailable", reason: "CLOSED" };
    await expect(store.get("project", "shop")).rejects.toMatchObject(closed);
    await expect(store.list("project", { limit: 1 })).rejects.toMatchObject(closed);
    await expect(store.put(changeOf(0, "one"))).rejects.toMatchObject(closed);
    const watching = (async () => {
      for await (const _ of store.watch()) return;
    })();
    await expect(watching).rejects.toMatchObject(closed);
  });

  test("closing twice, also at the same time, is one closing", async (store) => {
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  test(
    "a change that is under way at the closing is made or fails, and what resolved is there",
    async (store) => {
      const putting = store.put(changeOf(0, "one")).then(
        () => true,
        () => false,
      );
      const again = await reopen(store);
      expect(await readText(again)).toBe((await putting) ? "one" : undefined);
    },
    "reopen",
  );
}
