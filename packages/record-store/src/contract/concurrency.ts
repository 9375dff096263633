import { expect } from "vitest";
import type { Suite } from "./record-store-contract.ts";
import { changeOf, readText } from "./samples.ts";

export function concurrencyTests({ test }: Suite): void {
  test("of concurrent changes that expect the same version exactly one must succeed", async (store) => {
    let version = 0;
    for (let round = 0; round < 5; round++) {
      const puts = Array.from({ length: 50 }, (_, writer) => store.put(changeOf(version, `${round} ${writer}`)));
      const outcomes = await Promise.allSettled(puts);
      const winners = outcomes.flatMap((outcome, writer) => (outcome.status === "fulfilled" ? [writer] : []));
      expect(winners).toHaveLength(1);
      expect(await readText(store)).toBe(`${round} ${winners[0]}`);
      version = (await store.get("project", "shop"))?.version ?? 0;
    }
  });

  test("of concurrent deletions and creations no two succeed for one version", async (store) => {
    const created = await store.put(changeOf(0, "one"));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => store.put(changeOf(created, n % 2 === 0 ? undefined : "two"))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("a counter that many raise by reading, changing and trying again loses nothing", async (store) => {
    await store.put(changeOf(0, "0"));
    const raise = async () => {
      for (;;) {
        const { version, value } = (await store.get("project", "shop")) ?? { version: 0, value: new Uint8Array() };
        const next = Number(new TextDecoder().decode(value)) + 1;
        const made = await store.put(changeOf(version, `${next}`)).catch(() => undefined);
        if (made !== undefined) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, raise));
    expect(await readText(store)).toBe("20");
  });

  test("changes of many records at the same time all succeed", async (store) => {
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => store.put(changeOf(0, `${n}`, { id: `p${n}` }))));
    expect(await readText(store, "p999")).toBe("999");
    expect(await store.list("project", { limit: 1_000 })).toHaveLength(1_000);
  });
}
