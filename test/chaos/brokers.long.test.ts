/** Brokers that are stopped, killed and frozen, time and again: nothing acknowledged is lost, nothing is doubled. */
import { afterAll, beforeAll, it } from "vitest";
import { BrokerCluster } from "./broker-cluster.ts";
import { type Going, rollBrokers } from "./rolling.ts";

const ROUNDS = 5;

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

it.each(["stop", "kill9", "freeze"] satisfies Going[])(
  "brokers go away by %s one after the other, five times each: nothing is lost and nothing is doubled",
  async (going) => {
    await rollBrokers(cluster, `rolling-${going}`, Array<Going>(3 * ROUNDS).fill(going));
  },
);
