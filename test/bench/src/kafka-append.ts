import { randomBytes } from "node:crypto";
import { openKafkaAppender } from "@millrace/event-log/kafka";
import { runKafkaTool } from "@millrace/harness/kafka-tools";
import { CompressionTypes, Kafka, logLevel } from "kafkajs";
import type { Bench, Figure } from "./bench.ts";
import { type BenchTopics, withTopics } from "./bench-topics.ts";
import { median, REPETITIONS } from "./median.ts";
import { webRecords } from "./web-records.ts";

const PARTITIONS = 4;
/** Records on their way at a time, in each partition. */
const IN_FLIGHT = 16;
/** As when hardly anybody sends: batches have few records, or one. */
const FEW_IN_FLIGHT = [4, 1];
const EVENTS_PER_RECORD = 500;
const PACKED_RECORDS = 4000;
const LARGE_RECORDS = 600;
const LARGE_BYTES = 100_000;

/** Appends a value to a partition, and resolves when it is acknowledged. */
type Append = (partition: number, value: Buffer) => Promise<unknown>;

/** What one way of appending came to. */
type Rate = { readonly perSecond: number; readonly perCpuSecond: number };

/** Records as ingest packs them, from here to their acknowledgement by a broker. */
export const bench: Bench = {
  about: `records of ${EVENTS_PER_RECORD} events appended to Kafka, against the bare client and the broker's own tool (a minute)`,
  run: () => withTopics(PARTITIONS, againstOthers),
};

async function againstOthers(topics: BenchTopics): Promise<Figure[]> {
  const { topic, brokers } = topics;
  const appender = await openKafkaAppender(topics);
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  const ours: Append = (partition, value) => appender.append(partition, value);
  const bare: Append = (partition, value) =>
    producer.send({ topic, acks: -1, compression: CompressionTypes.None, messages: [{ partition, value }] });
  const contest = { ours, bare, topic, brokers };
  const packed = packedRecords();
  try {
    return [
      ...(await compare("packed page views", packed, PACKED_RECORDS, contest, 300_000)),
      ...(await compareFew("packed page views", packed, PACKED_RECORDS / 2, contest)),
      ...(await compare("100 KB", [randomBytes(LARGE_BYTES)], LARGE_RECORDS, contest, undefined)),
    ];
  } finally {
    await Promise.all([appender.close(), producer.disconnect()]);
  }
}

type Contest = {
  readonly ours: Append;
  readonly bare: Append;
  readonly topic: string;
  readonly brokers: readonly string[];
};

async function compare(
  what: string,
  values: readonly Buffer[],
  count: number,
  { ours, bare, topic, brokers }: Contest,
  perCpuSecondGoal: number | undefined,
): Promise<Figure[]> {
  const bytes = median(values.map((value) => value.length));
  const rates = { ours: [] as Rate[], bare: [] as Rate[], tool: [] as number[] };
  await measure(ours, values, count / 10);
  await measure(bare, values, count / 10);
  for (let i = 0; i < REPETITIONS; i++) {
    rates.ours.push(await measure(ours, values, count));
    rates.bare.push(await measure(bare, values, count));
    rates.tool.push(await measureTool(topic, brokers, bytes, count));
  }
  const [our, their] = [rates.ours, rates.bare].map((each) => median(each.map(({ perSecond }) => perSecond)));
  const perCpuSecond = (each: readonly Rate[]) => median(each.map((rate) => rate.perCpuSecond)) * EVENTS_PER_RECORD;
  const goal = perCpuSecondGoal === undefined ? {} : { goal: { atLeast: perCpuSecondGoal } };
  return [
    { what: `${what}: bytes a record`, value: bytes, unit: "bytes" },
    { what: `${what}: appended`, value: our! * EVENTS_PER_RECORD, unit: "events/s" },
    { what: `${what}: appended, by a core of ours`, value: perCpuSecond(rates.ours), unit: "events/s", ...goal },
    { what: `${what}: bare kafkajs, by a core of its own`, value: perCpuSecond(rates.bare), unit: "events/s" },
    { what: `${what}: ours to bare kafkajs`, value: our! / their!, unit: "times", goal: { atLeast: 0.8 } },
    { what: `${what}: ours to the broker's own tool`, value: our! / median(rates.tool), unit: "times" },
  ];
}

/** The same against the bare client while few records are under way. */
async function compareFew(
  what: string,
  values: readonly Buffer[],
  count: number,
  { ours, bare }: Contest,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const inFlight of FEW_IN_FLIGHT) {
    const ratios: number[] = [];
    for (let i = 0; i < REPETITIONS; i++) {
      const our = await measure(ours, values, count, inFlight);
      const their = await measure(bare, values, count, inFlight);
      ratios.push(our.perSecond / their.perSecond);
    }
    const label = `${what}, ${inFlight} of a partition at a time: ours to bare kafkajs`;
    figures.push({ what: label, value: median(ratios), unit: "times" });
  }
  return figures;
}

/** Appends so many records, some of each partition at a time. */
async function measure(append: Append, values: readonly Buffer[], count: number, inFlight = IN_FLIGHT): Promise<Rate> {
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  let next = 0;
  const loop = async (partition: number) => {
    while (next < count) {
      const value = values[next++ % values.length]!;
      await append(partition, value);
    }
  };
  await Promise.all(Array.from({ length: PARTITIONS * inFlight }, (_, i) => loop(i % PARTITIONS)));
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - began) / 1000;
  return { perSecond: count / seconds, perCpuSecond: (count * 1e6) / (user + system) };
}

/** Records a second of the broker's own producer, which waits for acknowledgements too. */
async function measureTool(topic: string, brokers: readonly string[], bytes: number, count: number): Promise<number> {
  const written = await runKafkaTool("org.apache.kafka.tools.ProducerPerformance", [
    ...["--topic", topic, "--num-records", `${count}`, "--record-size", `${bytes}`, "--throughput", "-1"],
    ...["--producer-props", `bootstrap.servers=${brokers.join(",")}`, "acks=all"],
  ]);
  const rate = [...written.matchAll(/, ([\d.]+) records\/sec/g)].at(-1)?.[1];
  if (rate === undefined) throw new Error(`ProducerPerformance wrote something else: ${written}`);
  return Number(rate);
}

/** Records of one project, as ingest writes them. */
function packedRecords(): Buffer[] {
  const records = webRecords({
    records: 200,
    sectionsPerRecord: 1,
    eventsPerSection: EVENTS_PER_RECORD,
    nowMs: Date.UTC(2026, 0, 1),
    sectionMs: 50,
    nextProject: () => "site",
  });
  return Array.from(records, (record) => Buffer.from(record));
}
