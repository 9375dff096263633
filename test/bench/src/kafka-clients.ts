import { randomBytes } from "node:crypto";
import { openPlatformaticEventLog } from "@millrace/backend-tests/platformatic";
import type { EventLog } from "@millrace/event-log";
import { openKafkaEventLog } from "@millrace/event-log/kafka";
import type { Bench, Figure } from "./bench.ts";
import { withTopics } from "./bench-topics.ts";
import { median, REPETITIONS } from "./median.ts";

const PARTITIONS = 4;
/** Records on their way at a time, in each partition. */
const IN_FLIGHT = 16;
/** A packed record of 500 page views, and the largest that are common. */
const SIZES = [
  { what: "8.5 KB", bytes: 8_500, count: 4_000 },
  { what: "100 KB", bytes: 100_000, count: 600 },
];

/** Records a second, and a second of this process's processor. */
type Rate = { readonly perSecond: number; readonly perCpuSecond: number };

/** The event log's port over two clients of Kafka: what appends and reads cost with each. */
export const bench: Bench = {
  about: "the event log over kafkajs and over @platformatic/kafka: appended, and read (a minute)",
  run: () =>
    withTopics(PARTITIONS, async (topics) => {
      const logs = [
        await openKafkaEventLog(topics),
        await openPlatformaticEventLog(topics.brokers, topics.topic),
      ] as const;
      try {
        const figures: Figure[] = [];
        for (const size of SIZES) figures.push(...(await compare(size, logs)));
        return figures;
      } finally {
        await Promise.all(logs.map((log) => log.close()));
      }
    }),
};

async function compare(
  { what, bytes, count }: (typeof SIZES)[number],
  [ours, other]: readonly [EventLog, EventLog],
): Promise<Figure[]> {
  const value = randomBytes(bytes);
  for (const log of [ours, other]) await append(log, value, count / 10);
  const rates = { append: [[], []] as [Rate[], Rate[]], read: [[], []] as [Rate[], Rate[]] };
  for (let i = 0; i < REPETITIONS; i++) {
    for (const [index, log] of [ours, other].entries()) {
      const from = await ends(ours);
      rates.append[index]!.push(await append(log, value, count));
      rates.read[index]!.push(await read(log, from, count));
    }
  }
  return (["append", "read"] as const).flatMap((kind) => {
    const [kafkajs, platformatic] = rates[kind].map((each) => ({
      perSecond: median(each.map(({ perSecond }) => perSecond)),
      perCpuSecond: median(each.map(({ perCpuSecond }) => perCpuSecond)),
    }));
    const label = `${what}: ${kind === "append" ? "appended" : "read"}`;
    const megabytes = (rate: number) => (rate * bytes) / 1e6;
    return [
      { what: `${label}, kafkajs`, value: megabytes(kafkajs!.perSecond), unit: "MB/s" },
      { what: `${label}, @platformatic/kafka`, value: megabytes(platformatic!.perSecond), unit: "MB/s" },
      {
        what: `${label}, @platformatic/kafka to kafkajs`,
        value: platformatic!.perSecond / kafkajs!.perSecond,
        unit: "times",
      },
      {
        what: `${label} by a core, @platformatic/kafka to kafkajs`,
        value: platformatic!.perCpuSecond / kafkajs!.perCpuSecond,
        unit: "times",
      },
    ];
  });
}

/** Appends so many records, some of each partition at a time. */
function append(log: EventLog, value: Uint8Array, count: number): Promise<Rate> {
  return rateOf(count, async () => {
    let next = 0;
    const loop = async (partition: number) => {
      while (next++ < count) await log.append(partition, value);
    };
    await Promise.all(Array.from({ length: PARTITIONS * IN_FLIGHT }, (_, i) => loop(i % PARTITIONS)));
  });
}

/** Reads all records from there on, of all partitions at a time. */
async function read(log: EventLog, from: readonly number[], count: number): Promise<Rate> {
  let found = 0;
  const rate = await rateOf(count, async () => {
    const readers = from.map(async (offset, partition) => {
      for await (const records of log.read(partition, offset)) found += records.length;
    });
    await Promise.all(readers);
  });
  if (found !== count) throw new Error(`${found} records were read, not ${count}`);
  return rate;
}

async function ends(log: EventLog): Promise<number[]> {
  const bounds = Array.from({ length: PARTITIONS }, (_, partition) => log.bounds(partition));
  return (await Promise.all(bounds)).map(({ end }) => end);
}

async function rateOf(count: number, work: () => Promise<void>): Promise<Rate> {
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    perSecond: (count * 1_000) / (performance.now() - began),
    perCpuSecond: (count * 1e6) / (user + system),
  };
}
