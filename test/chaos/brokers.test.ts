/** Brokers that go away: nothing acknowledged is lost, nothing is doubled, nothing that was refused is there. */
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BrokerCluster } from "./broker-cluster.ts";
import { Appends, compareLog } from "./log-accounts.ts";

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

it("with fewer replicas in sync than must have it a record is refused, not acknowledged, and other partitions go on", async () => {
  const topic = "below-minimum";
  const log = await cluster.log(topic, { partitions: 3, replicationFactor: 2 });
  const withThird = (await cluster.replicas(topic)).map((brokers) => brokers.includes(3));
  expect(new Set(withThird)).toEqual(new Set([true, false]));
  const [, , third] = cluster.servers.nodes;
  await third!.kill9();
  await until("it is missed", async () => (await cluster.inSync(topic)).some((isr) => isr.length < 2), {
    everyMs: 100,
  });

  const appends = new Appends(log);
  const below = withThird.flatMap((has, partition) => (has ? [partition] : []));
  const others = withThird.flatMap((has, partition) => (has ? [] : [partition]));
  const isSettled = () =>
    below.every((partition) => appends.count("unavailable", partition) > 2) &&
    others.every((partition) => appends.count("acknowledged", partition) > 10);
  await until("each partition has answered", isSettled, { withinMs: 60_000, everyMs: 100 });
  for (const partition of below) expect(appends.count("acknowledged", partition)).toBe(0);

  await third!.start();
  const isBack = () => below.every((partition) => appends.count("acknowledged", partition) > 10);
  await until("it is acknowledged again", isBack, { withinMs: 90_000, everyMs: 100 });
  await appends.stop();
  expect(await compareLog(log, appends)).toEqual({ lost: [], doubled: [], denied: [] });
  await log.close();
});
