import { afterAll, beforeAll } from "vitest";
import { eventLogContract } from "../contract/index.ts";
import { openKafkaEventLog } from "./kafka-event-log.ts";
import { TestKafka } from "./test-kafka.ts";

/** Members find each other by rebalances of the group, whose steps wait for heartbeats. */
const PATIENCE_MS = 20_000;
const SESSION_TIMEOUT_MS = 6_000;

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await TestKafka.start();
});
afterAll(() => kafka.stop());

eventLogContract("kafka", {
  patienceMs: PATIENCE_MS,
  open: async () => {
    const options = { ...(await kafka.topic()), sessionTimeoutMs: SESSION_TIMEOUT_MS };
    let log = await openKafkaEventLog(options);
    return {
      log,
      reopen: async () => {
        await log.close();
        log = await openKafkaEventLog(options);
        return log;
      },
      trimAll: () => kafka.trim(options.topic),
      dispose: () => log.close(),
    };
  },
});
