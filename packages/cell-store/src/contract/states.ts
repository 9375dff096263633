import { expect } from "vitest";
import type { StoredState } from "../cell-store.ts";
import type { Suite } from "./cell-store-contract.ts";

function stateOf(wts: number, part: Partial<StoredState> = {}): StoredState {
  return { kind: "watermark", source: "1:0", name: "1m", wts, value: new Uint8Array([wts]), ...part };
}

export function stateTests({ test, reopen }: Suite): void {
  test("gives all states of a kind, of all sources and names", async (store) => {
    const states = [stateOf(1), stateOf(2, { source: "1:7" }), stateOf(3, { name: "1h" })];
    await store.writeStates([...states, stateOf(4, { kind: "checkpoint" })]);
    const found = await store.readStates("watermark");
    expect(found.map(({ wts }) => wts).toSorted()).toEqual([1, 2, 3]);
    expect(found.find(({ source }) => source === "1:7")).toEqual(states[1]);
    expect(await store.readStates("unheard of")).toEqual([]);
  });

  test("of two states the one with the higher write time must stay, whatever the order of arrival", async (store) => {
    await store.writeStates([stateOf(9)]);
    await store.writeStates([stateOf(8)]);
    await store.writeStates([stateOf(9)]);
    expect(await store.readStates("watermark")).toEqual([stateOf(9)]);
  });

  const durable = "states must not resolve before all are durable";
  test(
    durable,
    async (store) => {
      await store.writeStates([stateOf(9)]);
      const again = await reopen(store);
      expect(await again.readStates("watermark")).toEqual([stateOf(9)]);
    },
    "reopen",
  );

  test("a value over 64 KiB must be refused, one of 64 KiB is taken", async (store) => {
    const largest = stateOf(1, { value: new Uint8Array(64 * 1024) });
    await store.writeStates([largest]);
    const over = stateOf(2, { value: new Uint8Array(64 * 1024 + 1) });
    await expect(store.writeStates([stateOf(2, { name: "1h" }), over])).rejects.toMatchObject({ kind: "invalid" });
    expect(await store.readStates("watermark")).toEqual([largest]);
  });
}
