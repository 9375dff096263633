import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectAccounts } from "./cassandra-accounts.ts";
import { goesOn, openRing, whileWriting } from "./cassandra-ring.ts";

/** Longer than what a healthy ring takes for a round, under any load of the machine's. */
const SILENCE_MS = 1_500;
/** A node that goes is noticed at once; what it had begun is asked of the others. */
const STALL_MAX_MS = 5_000;

it("without one of three nodes nothing fails; without two writes wait, and nothing acknowledged is lost", async () => {
  const ring = await openRing(60);
  const { nodes, store, accounts } = ring;
  const [, two, three] = nodes;

  const withoutOne = await whileWriting(ring, async () => {
    await goesOn(accounts);
    await two.kill9();
  });
  expect(withoutOne.failures).toEqual([]);
  expect(withoutOne.longestMs).toBeLessThan(STALL_MAX_MS);
  await expectAccounts(store, accounts);

  await whileWriting(ring, async () => {
    await three.kill9();
    // What is under way may still have had its majority.
    await delay(SILENCE_MS);
    const acknowledged = accounts[0]?.acknowledged;
    await delay(SILENCE_MS);
    expect(accounts[0]?.acknowledged).toBe(acknowledged);
    await three.start();
  });
  await expectAccounts(store, accounts);
});
