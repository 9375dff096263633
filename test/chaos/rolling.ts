import { until } from "@millrace/harness/until";
import { expect } from "vitest";
import type { BrokerCluster } from "./broker-cluster.ts";
import { Appends, compareLog, Reading } from "./log-accounts.ts";

const PARTITIONS = 6;

/** How a broker goes away. */
export type Going = "stop" | "kill9" | "freeze";

/**
 * Lets one broker after the other go away and come back, under appends to every partition and a group of two that reads
 * them, and compares what is in the log, and what was handed over, with what the appends were told.
 */
export async function rollBrokers(cluster: BrokerCluster, topic: string, goings: readonly Going[]): Promise<void> {
  const log = await cluster.log(topic, { partitions: PARTITIONS, replicationFactor: 3 });
  const appends = new Appends(log);
  const reading = new Reading();
  await reading.join(log, `${topic}.group`);
  await reading.join(log, `${topic}.group`);
  await goesOn(appends);

  for (const [round, going] of goings.entries()) {
    const node = cluster.servers.nodes[round % 3]!;
    await cluster.untilInSync(topic, 3);
    await node[going]();
    await goesOn(appends);
    await until("somebody knows who leads", () => cluster.look(topic), { withinMs: 60_000, everyMs: 200 });
    if (going === "freeze") await node.thaw();
    else await node.start();
  }
  await cluster.untilInSync(topic, 3);
  await goesOn(appends);
  await appends.stop();

  const inLog = await ends(log);
  await until("all is handed over", () => reading.count === inLog, { withinMs: 90_000 });
  await reading.leave();
  const difference = await compareLog(log, appends);
  await log.close();
  process.stdout.write(
    `  ${goings.join(", ")}: ${appends.count("acknowledged")} acknowledged, ${appends.count("unavailable")} unavailable, ` +
      `${appends.count("unknownOutcome")} unknown, ${inLog} in the log, ${reading.count} handed over, ${reading.repeated} again\n`,
  );
  expect(difference).toEqual({ lost: [], doubled: [], denied: [] });
  expect(reading.failures).toEqual([]);
  // Leaders, and with those of the offsets' topic the group's coordinator, have moved.
  for (const [place, brokers] of cluster.leaders) expect(brokers.size, `brokers that led ${place}`).toBeGreaterThan(1);
}

/** How many records there are, over all partitions. */
async function ends(log: { partitions: number; bounds(partition: number): Promise<{ first: number; end: number }> }) {
  const bounds = await Promise.all(Array.from({ length: log.partitions }, (_, partition) => log.bounds(partition)));
  return bounds.reduce((sum, { first, end }) => sum + end - first, 0);
}

/** Resolves when every partition has acknowledged some more. */
async function goesOn(appends: Appends): Promise<void> {
  const acknowledged = () =>
    Array.from({ length: PARTITIONS }, (_, partition) => appends.count("acknowledged", partition));
  const before = acknowledged();
  const isOn = () => acknowledged().every((count, partition) => count > before[partition]! + 5);
  await until("every partition goes on", isOn, { withinMs: 90_000, everyMs: 100 });
}
