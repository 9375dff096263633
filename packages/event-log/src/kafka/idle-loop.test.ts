import { kafkaServer } from "@millrace/harness/servers";
import { describe, expect, it } from "vitest";
import { connectKafka } from "./connection.ts";
import { requestQueueClass } from "./idle-loop.ts";
import { SILENT } from "./test-kafka.ts";

describe("the client's queue of requests", () => {
  it("does not wake up while a connection is idle", async () => {
    const { brokers } = await kafkaServer();
    const admin = connectKafka({ brokers, log: SILENT }).admin();
    await admin.connect();
    await admin.listTopics();
    const { prototype } = requestQueueClass() as { prototype: { checkPendingRequests(): void } };
    const check = prototype.checkPendingRequests;
    let wakes = 0;
    prototype.checkPendingRequests = function counted() {
      wakes++;
      check.call(this);
    };
    try {
      // The time in which the loop that is not mended wakes over and over.
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(wakes).toBe(0);
      await admin.listTopics();
      expect(wakes).toBeGreaterThan(0);
      expect(wakes).toBeLessThan(10);
    } finally {
      prototype.checkPendingRequests = check;
      await admin.disconnect();
    }
  });
});
