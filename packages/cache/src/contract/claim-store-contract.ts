import { describe, expect, it, onTestFinished } from "vitest";
import { type Claim, claims, type OpenedClaims, offsets } from "./claims-harness.ts";

/** Until when claims are kept in tests that are not about expiry. */
const KEEP_MS = 4_000_000_000_000;

/** Runs every test that each ClaimStore must pass against the stores that `open` gives. */
export function claimStoreContract(
  backend: string,
  options: {
    /** Opens a fresh, empty store for one test; the suite disposes of it. */
    readonly open: () => Promise<OpenedClaims>;
    /** Capabilities that the backend is excused from, each with the reason. */
    readonly except?: readonly { readonly capability: "reopening"; readonly reason: string }[];
  },
): void {
  const open = async () => {
    const opened = await options.open();
    onTestFinished(() => opened.dispose());
    return opened;
  };
  const reopens = !options.except?.some((excuse) => excuse.capability === "reopening");
  describe(`${backend}: the claim store's contract`, () => {
    claimTests(open);
    releaseTests(open);
    expiryTests(open);
    closeTests(open);
    if (reopens) reopenTests(open);
  });
}

type Open = () => Promise<OpenedClaims>;

function claimTests(open: Open): void {
  it("lets the first claim of an id win, and gives its owner to those after", async () => {
    const { store } = await open();
    expect(offsets(await store.claim(claims([claim("a", 1), claim("b", 2)]), KEEP_MS))).toEqual([1, 2]);
    expect(offsets(await store.claim(claims([claim("b", 3), claim("c", 4)]), KEEP_MS))).toEqual([2, 4]);
  });

  it("lets the first claim win within one batch", async () => {
    const { store } = await open();
    const batch = claims([claim("a", 1), claim("a", 2), claim("b", 3), claim("a", 1)]);
    expect(offsets(await store.claim(batch, KEEP_MS))).toEqual([1, 1, 3, 1]);
  });

  it("leaves what it is given as it was", async () => {
    const { store } = await open();
    await store.claim(claims([claim("a", 1)]), KEEP_MS);
    const batch = claims([claim("a", 2), claim("b", 3)]);
    const given = { ids: Uint8Array.from(batch.ids), positions: Uint8Array.from(batch.positions) };
    expect(offsets(await store.claim(batch, KEEP_MS))).toEqual([1, 3]);
    expect({ ids: Uint8Array.from(batch.ids), positions: Uint8Array.from(batch.positions) }).toEqual(given);
  });

  it("lets one claim win among concurrent calls", async () => {
    const { store } = await open();
    const ids = Array.from({ length: 50 }, (_, i) => `id ${i}`);
    const callers = Array.from({ length: 8 }, (_, caller) => claims(ids.map((id) => claim(id, caller))));
    const owners = (await Promise.all(callers.map((batch) => store.claim(batch, KEEP_MS)))).map(offsets);
    for (const each of owners) expect(each).toEqual(owners[0]);
    expect(owners[0]!.every((owner) => owner >= 0 && owner < 8)).toBe(true);
  });

  it("gives the owner's own position when the owner claims again", async () => {
    const { store } = await open();
    const batch = claims(Array.from({ length: 100 }, (_, i) => claim(`${i}`, i)));
    const first = await store.claim(batch, KEEP_MS);
    expect(Buffer.compare(await store.claim(batch, KEEP_MS), first)).toBe(0);
    expect(Buffer.compare(first, batch.positions)).toBe(0);
  });

  it("keeps the same id in two slots apart, imports' slots and negative ones too", async () => {
    const { store } = await open();
    const slots = [0, 1, -1, 29_000_000, 2 ** 40 + 19_000];
    const batch = claims(slots.map((slot, i) => claim("a", i, slot)));
    expect(offsets(await store.claim(batch, KEEP_MS))).toEqual([0, 1, 2, 3, 4]);
    expect(offsets(await store.lookup(batch))).toEqual([0, 1, 2, 3, 4]);
  });

  it("keeps positions that differ in the index, the partition or the generation apart", async () => {
    const { store } = await open();
    const batch = claims([claim("a", 1), claim("a", 1)]);
    batch.positions[23] = 1;
    const owners = await store.claim(batch, KEEP_MS);
    expect(Buffer.compare(owners.subarray(0, 12), owners.subarray(12))).toBe(0);
    expect(Buffer.compare(owners.subarray(12), batch.positions.subarray(12))).not.toBe(0);
  });

  it("looks up owners without claiming anything", async () => {
    const { store } = await open();
    await store.claim(claims([claim("a", 1)]), KEEP_MS);
    const batch = claims([claim("a", 9), claim("b", 9), claim("a", 9, 77)]);
    expect(offsets(await store.lookup(batch))).toEqual([1, -1, -1]);
    expect(offsets(await store.claim(batch, KEEP_MS))).toEqual([1, 9, 9]);
  });

  it("takes arrays that lie anywhere in a larger buffer", async () => {
    const { store } = await open();
    const batch = claims(Array.from({ length: 20 }, (_, i) => claim(`${i}`, i)));
    const shifted = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    const moved = { ...batch, ids: shifted(batch.ids), positions: shifted(batch.positions) };
    expect(Buffer.compare(await store.claim(moved, KEEP_MS), batch.positions)).toBe(0);
    expect(Buffer.compare(await store.lookup(batch), batch.positions)).toBe(0);
    await store.release(moved);
    expect(offsets(await store.lookup(moved))).toEqual(new Array(20).fill(-1));
  });

  it("takes an empty batch, and one of thousands", async () => {
    const { store } = await open();
    expect(await store.claim(claims([]), KEEP_MS)).toHaveLength(0);
    const many = claims(Array.from({ length: 5000 }, (_, i) => claim(`${i}`, i, i % 3)));
    expect(Buffer.compare(await store.claim(many, KEEP_MS), many.positions)).toBe(0);
    expect(Buffer.compare(await store.lookup(many), many.positions)).toBe(0);
  });
}

function releaseTests(open: Open): void {
  it("gives back a claim that its owner releases, and the next one gets it", async () => {
    const { store } = await open();
    await store.claim(claims([claim("a", 1), claim("b", 2)]), KEEP_MS);
    await store.release(claims([claim("a", 1)]));
    expect(offsets(await store.lookup(claims([claim("a", 0), claim("b", 0)])))).toEqual([-1, 2]);
    expect(offsets(await store.claim(claims([claim("a", 5)]), KEEP_MS))).toEqual([5]);
  });

  it("leaves a claim alone that is released for another position, or is not there", async () => {
    const { store } = await open();
    await store.claim(claims([claim("a", 1)]), KEEP_MS);
    await store.release(claims([claim("a", 2), claim("b", 1), claim("a", 1, 99)]));
    expect(offsets(await store.lookup(claims([claim("a", 0)])))).toEqual([1]);
  });
}

function expiryTests(open: Open): void {
  it("finds a claim until keepUntilMs, and forgets whole slots some time after", async () => {
    const { store } = await open();
    const batch = claims([claim("a", 1, 1), claim("b", 2, 1), claim("c", 3, 2)]);
    await store.claim(batch, 10_000_000);
    expect(await store.expire(9_999_999)).toBe(0);
    expect(offsets(await store.lookup(batch))).toEqual([1, 2, 3]);
    expect(await store.expire(10_000_000 + 86_400_000)).toBe(3);
    expect(offsets(await store.lookup(batch))).toEqual([-1, -1, -1]);
  });

  it("extends the whole slot with every claim, and never shortens it", async () => {
    const { store } = await open();
    await store.claim(claims([claim("a", 1)]), 10_000_000);
    await store.claim(claims([claim("b", 2)]), 900_000_000);
    await store.claim(claims([claim("b", 2)]), 20_000_000);
    expect(await store.expire(899_999_999)).toBe(0);
    expect(offsets(await store.lookup(claims([claim("a", 0)])))).toEqual([1]);
  });

  it("forgets all of many slots when it is asked again and again", async () => {
    const { store } = await open();
    await store.claim(claims(Array.from({ length: 300 }, (_, i) => claim(`${i}`, i, i))), 1000);
    let forgotten = 0;
    for (let call = 0; call < 300 && forgotten < 300; call++) forgotten += await store.expire(1000 + 86_400_000);
    expect(forgotten).toBe(300);
  });
}

function closeTests(open: Open): void {
  it("fails with unavailable (CLOSED) after close, which may be called twice", async () => {
    const { store } = await open();
    await store.ready();
    await store.close();
    await store.close();
    const closed = { kind: "unavailable", reason: "CLOSED" };
    await expect(store.claim(claims([claim("a", 1)]), KEEP_MS)).rejects.toMatchObject(closed);
    await expect(store.lookup(claims([claim("a", 1)]))).rejects.toMatchObject(closed);
    await expect(store.release(claims([claim("a", 1)]))).rejects.toMatchObject(closed);
    await expect(store.expire(0)).rejects.toMatchObject(closed);
    await expect(store.ready()).rejects.toMatchObject(closed);
  });
}

function reopenTests(open: Open): void {
  it("finds claims, releases and how long slots are kept after a reopening", async () => {
    const { store, reopen } = await open();
    const batch = claims(Array.from({ length: 200 }, (_, i) => claim(`${i}`, i, i % 5)));
    await store.claim(batch, 50_000_000);
    await store.release(claims([claim("7", 7, 2)]));
    await store.claim(claims([claim("7", 1000, 2)]), 50_000_000);
    await store.release(claims([claim("8", 8, 3)]));
    const reopened = await reopen();
    const owners = offsets(await reopened.lookup(batch));
    expect(owners).toEqual(Array.from({ length: 200 }, (_, i) => (i === 7 ? 1000 : i === 8 ? -1 : i)));
    expect(await reopened.expire(49_999_999)).toBe(0);
    let forgotten = 0;
    for (let call = 0; call < 10; call++) forgotten += await reopened.expire(50_000_000 + 86_400_000);
    expect(forgotten).toBe(199);
  });
}

function claim(id: string, offset: number, slot = 28_000_000): Claim {
  return { id, offset, slot };
}
