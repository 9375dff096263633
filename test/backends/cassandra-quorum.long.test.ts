import { setTimeout as delay } from "node:timers/promises";
import { openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { expect, it, onTestFinished } from "vitest";
import { expectAccounts } from "./cassandra-accounts.ts";
import { goesOn, openRing, whileWriting } from "./cassandra-ring.ts";

const ROUNDS = 8;
const AWAY_MS = 3_000;

it("while one node after the other is killed, stopped, frozen and started again, no write fails and none is lost", async () => {
  const ring = await openRing(300);
  const { failures, longestMs } = await whileWriting(ring, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const node = ring.nodes[round % 3];
      if (node === undefined) continue;
      const isFrozen = round % 4 === 3;
      await (isFrozen ? node.freeze() : round % 2 === 0 ? node.kill9() : node.stop());
      await delay(AWAY_MS);
      await goesOn(ring.accounts);
      await (isFrozen ? node.thaw() : node.start());
      await goesOn(ring.accounts);
      // Hints and gossip have to arrive before the next may go, or two would be away.
      await delay(AWAY_MS);
    }
  });
  expect(failures).toEqual([]);
  expect(longestMs).toBeLessThan(15_000);
  await expectAccounts(ring.store, ring.accounts);
});

it("while two nodes are killed at once, time and again, writes wait, and nothing acknowledged is lost", async () => {
  const ring = await openRing(300);
  await whileWriting(ring, async () => {
    for (let round = 0; round < 4; round++) {
      const away = ring.nodes.filter((_, i) => i !== round % 3);
      await Promise.all(away.map((node) => node.kill9()));
      await delay(AWAY_MS);
      await Promise.all(away.map((node) => node.start()));
      await goesOn(ring.accounts);
      await expectAccounts(ring.store, ring.accounts);
    }
  });
  // The majority that acknowledged last may be any; one with the nodes that were away gives the same.
  const [one] = ring.nodes;
  const other = await openCassandraCellStore(ring.options);
  onTestFinished(() => other.close());
  await one.kill9();
  await expectAccounts(other, ring.accounts);
});
