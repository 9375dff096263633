import { Failure } from "@millrace/failure";
import type { Kafka } from "kafkajs";
import type { LogRecord } from "../../event-log.ts";
import { kafkaFailure, protocolErrorOf } from "../kafka-failure.ts";
import { ClusterLink, type GroupBroker } from "./cluster-link.ts";
import { fetchOf, foundIn } from "./fetched-records.ts";
import type { Bounds, PartitionOffsets } from "./partition-offsets.ts";

/** What is read. */
export type Reading = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  /** Where the partition began and ended when the reading was asked for. */
  readonly bounds: Promise<Bounds>;
  readonly offsets: PartitionOffsets;
  readonly signal: AbortSignal | undefined;
};

const READ_BYTES = 4 * 1024 * 1024;
const WAIT_MS = 250;
const DEADLINE_MS = 15_000;
/** Leaders change and brokers restart; beyond, the reading fails. */
const ATTEMPTS = 20;
const BACKOFF_MS = 200;

/** Reads a partition outside of any group, over connections of its own. */
export async function* readPartition(reading: Reading): AsyncGenerator<readonly LogRecord[]> {
  const { kafka, topic, partition, fromOffset } = reading;
  const { first, end } = await whileWanted(reading, reading.bounds);
  if (fromOffset < first && fromOffset < end) throw noLongerKept(partition, fromOffset, first);
  const link = new ClusterLink(kafka, topic);
  try {
    let next = fromOffset;
    while (next < end) {
      const found = await whileWanted(reading, fetchFrom(link, reading, next));
      next = found.nextOffset;
      const records = found.records.filter(({ offset }) => offset < end);
      if (records.length > 0) yield records;
    }
  } finally {
    await link.close();
  }
}

async function fetchFrom(link: ClusterLink, reading: Reading, next: number): Promise<ReturnType<typeof foundIn>> {
  const { topic, partition, offsets } = reading;
  const topics = [{ topic, partitions: [fetchOf(partition, next, READ_BYTES)] }];
  for (let attempt = 1; ; attempt++) {
    try {
      const { responses } = await link.use("a fetch", DEADLINE_MS, async (cluster) => {
        const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
        const broker = (await cluster.findBroker({ nodeId: leader ?? "none" })) as unknown as GroupBroker;
        const request = { maxWaitTime: WAIT_MS, minBytes: 1, maxBytes: READ_BYTES, isolationLevel: 0 };
        return broker.fetch({ ...request, topics });
      });
      return foundIn(responses[0]!.partitions[0]!, next);
    } catch (error) {
      if (protocolErrorOf(error) === "OFFSET_OUT_OF_RANGE") {
        const { first } = await offsets.bounds(partition);
        if (next < first) throw noLongerKept(partition, next, first);
      }
      if (attempt >= ATTEMPTS || reading.signal?.aborted) throw kafkaFailure(error, `reading partition ${partition}`);
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
      await link.use("refreshing", DEADLINE_MS, (cluster) => cluster.refreshMetadata()).catch(() => undefined);
    }
  }
}

async function whileWanted<T>({ signal }: Reading, work: Promise<T>): Promise<T> {
  const cancelled = () =>
    new Failure("cancelled", "CANCELLED", "The reading was cancelled.", { cause: signal?.reason });
  if (signal === undefined) return work;
  if (signal.aborted) throw cancelled();
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancelled());
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function noLongerKept(partition: number, offset: number, first: number): Failure {
  const message = `Offset ${offset} of partition ${partition} is no longer kept; the oldest is ${first}.`;
  return new Failure("outOfRange", "FIELD_INVALID", message, { metadata: { first: String(first) } });
}
