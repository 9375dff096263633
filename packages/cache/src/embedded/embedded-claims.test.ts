import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Claim, claims, offsets } from "../contract/claims-harness.ts";
import { claimStoreContract } from "../contract/index.ts";
import { openEmbeddedClaims } from "./embedded-claims.ts";

const CHILD_LIMIT_MS = 20_000;
const KEEP_MS = 4_000_000_000_000;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-claims-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

for (const [name, maxResidentBytes] of [
  ["embedded, on disk", 1 << 24],
  ["embedded, with hardly any memory", 1],
] as const) {
  claimStoreContract(name, {
    open: async () => {
      const directory = temporaryDirectory();
      let store = await openEmbeddedClaims({ directory, maxResidentBytes });
      return {
        store,
        reopen: async () => {
          await store.close();
          store = await openEmbeddedClaims({ directory, maxResidentBytes });
          return store;
        },
        dispose: () => store.close(),
      };
    },
  });
}

claimStoreContract("embedded, in memory", {
  open: async () => {
    const store = await openEmbeddedClaims({ directory: ":memory:" });
    const reopen = () => Promise.reject(new Error("A store in memory cannot be reopened."));
    return { store, reopen, dispose: () => store.close() };
  },
  except: [{ capability: "reopening", reason: "What is in memory goes with the store." }],
});

/** Claims by slot and id, and how long slots are kept: the same as the store, the simple way. */
class Oracle {
  readonly owners = new Map<string, number>();
  readonly keep = new Map<number, number>();

  claim(batch: readonly Claim[], keepUntilMs: number): number[] {
    return batch.map(({ id, slot, offset }) => {
      this.keep.set(slot, Math.max(this.keep.get(slot) ?? 0, keepUntilMs));
      const key = `${slot} ${id}`;
      const owner = this.owners.get(key) ?? offset;
      this.owners.set(key, owner);
      return owner;
    });
  }

  release(batch: readonly Claim[]): void {
    for (const { id, slot, offset } of batch) {
      if (this.owners.get(`${slot} ${id}`) === offset) this.owners.delete(`${slot} ${id}`);
    }
  }

  /** The store may keep slots longer; the oracle forgets those that the store has certainly forgotten. */
  expire(nowMs: number): void {
    for (const [slot, until] of this.keep) {
      if (until > nowMs) continue;
      this.keep.delete(slot);
      for (const key of [...this.owners.keys()]) if (key.startsWith(`${slot} `)) this.owners.delete(key);
    }
  }
}

const HOUR_MS = 3_600_000;
const claim: fc.Arbitrary<Claim> = fc.record({
  id: fc.nat({ max: 60 }).map(String),
  slot: fc.constantFrom(0, 1, 2, 28_000_000, 2 ** 40 + 3),
  offset: fc.nat({ max: 20 }),
});
const batch = fc.array(claim, { maxLength: 40 });
// Whole hours lie on the store's rounding, so that the oracle knows exactly when a slot ends.
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("claim" as const), batch, hours: fc.nat({ max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), batch }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lookup" as const), batch }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), hours: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

describe("the embedded claim store", () => {
  it("answers as a plain map would, through evictions, expiry and reopenings", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.constantFrom(1, 3000, 1 << 20),
        async (steps, maxResidentBytes) => {
          const directory = mkdtempSync(join(tmpdir(), "millrace-claims-"));
          const oracle = new Oracle();
          let store = await openEmbeddedClaims({ directory, maxResidentBytes });
          let nowHours = 0;
          try {
            for (const each of steps) {
              if (each.do === "claim") {
                const keepMs = (nowHours + each.hours + 1) * HOUR_MS;
                expect(offsets(await store.claim(claims(each.batch), keepMs))).toEqual(
                  oracle.claim(each.batch, keepMs),
                );
              } else if (each.do === "release") {
                await store.release(claims(each.batch));
                oracle.release(each.batch);
              } else if (each.do === "lookup") {
                const owners = each.batch.map(({ id, slot }) => oracle.owners.get(`${slot} ${id}`) ?? -1);
                expect(offsets(await store.lookup(claims(each.batch)))).toEqual(owners);
              } else if (each.do === "expire") {
                nowHours += each.hours;
                const before = oracle.owners.size;
                oracle.expire(nowHours * HOUR_MS);
                expect(await store.expire(nowHours * HOUR_MS)).toBe(before - oracle.owners.size);
              } else {
                await store.close();
                store = await openEmbeddedClaims({ directory, maxResidentBytes });
              }
            }
          } finally {
            await store.close();
            rmSync(directory, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("finds claims of pages that were written in hundreds of pieces, and writes those as one", async () => {
    const directory = temporaryDirectory();
    let store = await openEmbeddedClaims({ directory, maxResidentBytes: 1 });
    const all = Array.from({ length: 1500 }, (_, i) => ({ id: `${i}`, slot: 5, offset: i }));
    const other = (i: number) => ({ id: `${i}`, slot: 6, offset: i });
    for (let i = 0; i < all.length; i += 5) {
      // The claim of another slot drives the pages out of memory.
      await Promise.all([store.claim(claims(all.slice(i, i + 5)), KEEP_MS), store.claim(claims([other(i)]), KEEP_MS)]);
    }
    await store.close();
    store = await openEmbeddedClaims({ directory });
    expect(offsets(await store.lookup(claims(all)))).toEqual(all.map((each) => each.offset));
    await store.close();
  });

  it("keeps within its bound of memory however many claims there are", async () => {
    const maxResidentBytes = 300_000;
    const store = await openEmbeddedClaims({ directory: temporaryDirectory(), maxResidentBytes });
    onTestFinished(() => store.close());
    for (let slot = 0; slot < 40; slot++) {
      await store.claim(claims(Array.from({ length: 500 }, (_, i) => ({ id: `${i}`, slot, offset: i }))), KEEP_MS);
      expect(store.residentBytes).toBeLessThanOrEqual(maxResidentBytes);
    }
    expect(offsets(await store.lookup(claims([{ id: "7", slot: 0, offset: 0 }])))).toEqual([7]);
  });

  it("refuses a directory that is in use, and a damaged file", async () => {
    const directory = temporaryDirectory();
    const store = await openEmbeddedClaims({ directory });
    const inUse = { kind: "unavailable", message: expect.stringContaining("in use") };
    await expect(openEmbeddedClaims({ directory })).rejects.toMatchObject(inUse);
    await store.close();
    writeFileSync(join(directory, "claims.sqlite"), Buffer.alloc(20_000, "no database "));
    await expect(openEmbeddedClaims({ directory })).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("refuses a batch whose arrays are too short, or whose slots are not whole", async () => {
    const store = await openEmbeddedClaims({ directory: ":memory:" });
    onTestFinished(() => store.close());
    const one = claims([{ id: "a", slot: 1, offset: 1 }]);
    await expect(store.claim({ ...one, count: 2 }, KEEP_MS)).rejects.toMatchObject({ kind: "invalid" });
    await expect(store.claim({ ...one, slots: Float64Array.of(0.5) }, KEEP_MS)).rejects.toMatchObject({
      kind: "invalid",
    });
    expect(offsets(await store.claim(one, KEEP_MS))).toEqual([1]);
  });

  it("has every acknowledged claim after a kill -9, with its owner", async () => {
    const directory = temporaryDirectory();
    const acknowledged: Claim[] = [];
    for (let round = 0; round < 3; round++) {
      acknowledged.push(...(await claimUntilKilled(directory, `run${round}`, 30 + round * 45)));
      const store = await openEmbeddedClaims({ directory });
      expect(offsets(await store.lookup(claims(acknowledged)))).toEqual(acknowledged.map((each) => each.offset));
      await store.close();
    }
    expect(acknowledged.length).toBeGreaterThan(0);
  }, 30_000);
});

/** Runs a process that claims, kills it a while after it began, and gives what it saw acknowledged. */
function claimUntilKilled(directory: string, run: string, afterMs: number): Promise<Claim[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "crash-child.ts"), directory, run], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: CHILD_LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", () => {
      // The last line may be cut short.
      const lines = output.split("\n").slice(1, -1);
      resolve(
        lines.map((line) => {
          const [id, slot, offset] = line.split(" ") as [string, string, string];
          return { id, slot: Number(slot), offset: Number(offset) };
        }),
      );
    });
  });
}
