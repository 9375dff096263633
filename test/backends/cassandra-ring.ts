import { migrateCassandraCellStore, openCassandraCellStore } from "@millrace/cell-store/cassandra";
import { type OwnNode, ownCassandraCluster } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { onTestFinished } from "vitest";
import { type BlockAccount, blockAccounts, keepWriting, type Writing } from "./cassandra-accounts.ts";

/** Three nodes of the test's own, with a store whose rows all of them have, and a fold that never stops writing to it. */
export async function openRing(accountCount: number) {
  const servers = await ownCassandraCluster();
  onTestFinished(() => servers.dispose());
  const options = { contactPoints: servers.addresses, localDataCenter: "datacenter1", keyspace: "ring" };
  await until("the ring takes a schema", () => migrateCassandraCellStore(options).then(() => true));
  const store = await openCassandraCellStore(options);
  onTestFinished(() => store.close());
  const accounts = blockAccounts("ring", accountCount);
  return { nodes: servers.nodes as readonly [OwnNode, OwnNode, OwnNode], options, store, accounts };
}

/** Lets a fold write while something is done; and a little longer, until it has gone on. */
export async function whileWriting(
  { store, accounts }: Pick<Awaited<ReturnType<typeof openRing>>, "store" | "accounts">,
  work: () => Promise<void>,
): Promise<Writing> {
  let isOver = false;
  const writing = keepWriting(store, accounts, () => isOver);
  // Where the work fails, that is what is told.
  writing.catch(() => {});
  try {
    await work();
    await goesOn(accounts);
  } finally {
    isOver = true;
  }
  return await writing;
}

/** Resolves when some more states have been acknowledged. */
export async function goesOn(accounts: readonly BlockAccount[]): Promise<void> {
  const before = accounts[0]?.acknowledged ?? 0;
  await until("writing goes on", () => (accounts[0]?.acknowledged ?? 0) > before + 3, { withinMs: 60_000 });
}
