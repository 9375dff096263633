/** A member of a group in a process of its own, which tests kill and stop. It prints what happens to it. */
import { Failure } from "@millrace/failure";
import { connectKafka } from "../connection.ts";
import { SILENT } from "../test-kafka.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";

const [broker, topic, partitions, group] = process.argv.slice(2) as [string, string, string, string];
const say = (line: string) => void process.stdout.write(`${line}\n`);

const kafka = connectKafka({ brokers: [broker], clientId: "millrace-test", log: SILENT });
const consumer = new KafkaConsumer({
  ...{ kafka, topic, partitions: Number(partitions), log: SILENT },
  ...{ sessionTimeoutMs: 6_000, heartbeatMs: 100, rebalanceTimeoutMs: 10_000 },
});
await consumer.join(group, {
  assigned: (owned) => {
    let next = owned.startOffset;
    const lost = async () => {
      say(`lost ${owned.partition}`);
      try {
        await owned.commit(next);
        say(`committed ${owned.partition}`);
      } catch (error) {
        say(`refused ${owned.partition} ${error instanceof Failure ? error.reason : error}`);
      }
    };
    owned.lost.addEventListener("abort", () => void lost());
    say(`assigned ${owned.partition}`);
    return {
      records: async (records) => {
        for (const { offset } of records) say(`record ${owned.partition} ${offset}`);
        next = records.at(-1)!.offset + 1;
      },
      idle: () => undefined,
      revoke: async () => undefined,
    };
  },
  failed: (error) => say(`failed ${error}`),
});
