import { expect } from "vitest";
import type { Suite } from "./cell-store-contract.ts";
import { blockOf, keyOf, readText, scanAll } from "./samples.ts";

export function closeTests({ test, reopen }: Suite): void {
  test("is ready from its opening to its closing", async (store) => {
    await store.ready();
    await store.close();
    await expect(store.ready()).rejects.toMatchObject({ kind: "unavailable", reason: "CLOSED" });
  });

  test("after close every call must fail with unavailable (CLOSED)", async (store) => {
    await store.close();
    const closed = { kind: "unavailable", reason: "CLOSED" };
    await expect(store.writeBlocks([blockOf({}, 1)])).rejects.toMatchObject(closed);
    await expect(store.writeStates([])).rejects.toMatchObject(closed);
    await expect(store.readBlocks([keyOf()])).rejects.toMatchObject(closed);
    await expect(store.readStates("watermark")).rejects.toMatchObject(closed);
    await expect(store.expire("shop", "1h", 0)).rejects.toMatchObject(closed);
    await expect(scanAll(store)).rejects.toMatchObject(closed);
  });

  test("closing twice, also at the same time, is one closing", async (store) => {
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  test(
    "a write that is under way at the closing is stored or fails, and what resolved is there",
    async (store) => {
      const writing = store.writeBlocks([blockOf({}, 1)]).then(
        () => true,
        () => false,
      );
      const again = await reopen(store);
      expect(await readText(again)).toBe((await writing) ? "at 1" : undefined);
    },
    "reopen",
  );
}
