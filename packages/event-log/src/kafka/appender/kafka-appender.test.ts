import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../event-log.ts";
import { kafkaConfigOf } from "../connection.ts";
import { KafkaConsumer } from "../consumer/kafka-consumer.ts";
import { SILENT, TestKafka } from "../test-kafka.ts";
import { TestLink } from "../test-link.ts";
import { KafkaAppender, type KafkaAppenderOptions } from "./kafka-appender.ts";

const REQUEST_TIMEOUT_MS = 1_000;

let kafka: TestKafka;
let link: TestLink;
const appenders: KafkaAppender[] = [];

beforeAll(async () => {
  kafka = await TestKafka.start();
});
afterAll(() => kafka.stop());
beforeEach(async () => {
  link = await TestLink.open(kafka.brokers[0]!);
});
afterEach(async () => {
  await Promise.all(appenders.splice(0).map((appender) => appender.close()));
  await link.close();
});

/** A client whose every connection is the link. */
function linked(requestTimeoutMs = REQUEST_TIMEOUT_MS): Kafka {
  const { brokers } = kafka;
  const { socketFactory } = link;
  const config = kafkaConfigOf({ brokers, requestTimeoutMs, log: SILENT });
  return new Kafka({ ...config, logLevel: logLevel.NOTHING, socketFactory });
}

function open(topic: string, options: Partial<KafkaAppenderOptions> = {}): KafkaAppender {
  const appender = new KafkaAppender({
    kafka: linked(),
    topic,
    generation: 1,
    partitions: 4,
    appendDeadlineMs: 10_000,
    acknowledgeWithinMs: 800,
    maxQueuedBytes: 1 << 20,
    log: SILENT,
    meter: undefined,
    ...options,
  });
  appenders.push(appender);
  return appender;
}

async function stored(topic: string, partition = 0): Promise<LogRecord[]> {
  const consumer = new KafkaConsumer({ kafka: kafka.kafka, topic, partitions: 4, log: SILENT });
  try {
    const found: LogRecord[] = [];
    for await (const records of consumer.read(partition, 0)) found.push(...records);
    return found;
  } finally {
    await consumer.close();
  }
}

const textOf = ({ value }: { value: Uint8Array }) => Buffer.from(value).toString();
const texts = async (topic: string, partition = 0) => (await stored(topic, partition)).map(textOf);

/** Loses the answer to the first Produce request, which the broker has done. */
function dropFirstAnswer(): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    link.onProduce = () => {
      if (count++ > 0) return "pass";
      resolve();
      return "drop";
    };
  });
}

describe("appends whose answer is lost", () => {
  it("are stored once each, in order, at the offsets that were told, also those that come meanwhile", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic);
    const isLost = dropFirstAnswer();
    const first = appender.append(0, Buffer.from("m1"));
    await isLost;
    const results = await Promise.all([
      first,
      appender.append(0, Buffer.from("m2")),
      appender.append(0, Buffer.from("m3")),
    ]);
    expect(await texts(topic)).toEqual(["m1", "m2", "m3"]);
    expect(results.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  });

  it("are lost and doubled by the client's own retries, which is why they are not used", async () => {
    const { topic } = await kafka.topic();
    const producer = linked().producer({ idempotent: true, retry: { retries: 5, initialRetryTime: 100 } });
    await producer.connect();
    const send = (value: string) => producer.send({ topic, messages: [{ partition: 0, value }] });
    const isLost = dropFirstAnswer();
    const first = send("m1");
    await isLost;
    // Both are acknowledged, and m2 is not there.
    await Promise.all([first, send("m2")]);
    await producer.disconnect();
    expect(await texts(topic)).toEqual(["m1", "m1"]);
  });
});

describe("appends at their deadline", () => {
  it("fail with unknownOutcome where they were sent, and those behind them with unavailable, which never come", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic, { appendDeadlineMs: 1_500 });
    await appender.append(0, Buffer.from("before"));
    link.isBlackHole = true;
    const sent = appender.append(0, Buffer.from("sent"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const behind = appender.append(0, Buffer.from("behind"));
    await expect(sent).rejects.toMatchObject({ kind: "unknownOutcome", reason: "BACKEND_TIMEOUT" });
    await expect(behind).rejects.toMatchObject({ kind: "unavailable", reason: "BACKEND_UNAVAILABLE" });
    link.isBlackHole = false;
    const after = await untilAppended(appender, "after");
    const found = await stored(topic);
    expect(found.map(textOf)).not.toContain("behind");
    expect(found.map(textOf).filter((text) => text === "sent").length).toBeLessThanOrEqual(1);
    expect(textOf(found.find(({ offset }) => offset === after.offset)!)).toBe("after");
  });

  it("fail with unavailable where no broker could be reached", async () => {
    const { topic } = await kafka.topic();
    link.isBlackHole = true;
    const appender = open(topic, { appendDeadlineMs: 1_000 });
    await expect(appender.append(0, Buffer.from("x"))).rejects.toMatchObject({ kind: "unavailable" });
    link.isBlackHole = false;
    await untilAppended(appender, "y");
    expect(await texts(topic)).toEqual(["y"]);
  });

  it("do not hold up other partitions for longer than an answer is waited for", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic);
    await Promise.all([0, 1].map((partition) => appender.append(partition, Buffer.from("warm"))));
    const isLost = dropFirstAnswer();
    const stuck = appender.append(0, Buffer.from("stuck"));
    await isLost;
    const free = appender.append(1, Buffer.from("free"));
    expect(await Promise.race([free.then(() => "free"), stuck.then(() => "stuck")])).toBe("free");
    await stuck;
  });
});

describe("appends that the leader refuses", () => {
  const NOT_LEADER = 6;
  const MESSAGE_TOO_LARGE = 10;
  const NOT_ENOUGH_REPLICAS = 19;
  const NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20;
  const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;

  it("fail with unavailable while there are too few replicas in sync, and are never stored", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic, { appendDeadlineMs: 1_500 });
    link.onProduce = () => NOT_ENOUGH_REPLICAS;
    await expect(appender.append(0, Buffer.from("x"))).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("too few replicas"),
    });
    link.onProduce = () => "pass";
    await appender.append(0, Buffer.from("y"));
    expect(await texts(topic)).toEqual(["y"]);
  });

  it.each([
    { name: "the replicas are too few after it was written", code: NOT_ENOUGH_REPLICAS_AFTER_APPEND },
    { name: "another one leads, which may have it", code: NOT_LEADER },
  ])("fail with unknownOutcome where $name", async ({ code }) => {
    const { topic } = await kafka.topic();
    const appender = open(topic, { appendDeadlineMs: 1_500 });
    link.onProduce = () => code;
    await expect(appender.append(0, Buffer.from("x"))).rejects.toMatchObject({ kind: "unknownOutcome" });
  });

  it.each([
    { name: "replicas are in sync again", code: NOT_ENOUGH_REPLICAS },
    { name: "its leader is found", code: NOT_LEADER },
    { name: "another producer sends it", code: OUT_OF_ORDER_SEQUENCE_NUMBER },
  ])("are stored once as soon as $name", async ({ code }) => {
    const { topic } = await kafka.topic();
    const appender = open(topic);
    let refusals = 2;
    link.onProduce = () => (refusals-- > 0 ? code : "pass");
    await Promise.all(["1", "2"].map((text) => appender.append(0, Buffer.from(text))));
    expect(await texts(topic)).toEqual(["1", "2"]);
  });

  it("are sent one by one where they are too large together", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic);
    let refusals = 1;
    link.onProduce = () => (refusals-- > 0 ? MESSAGE_TOO_LARGE : "pass");
    const results = await Promise.all(["1", "2", "3"].map((text) => appender.append(0, Buffer.from(text))));
    expect(await texts(topic)).toEqual(["1", "2", "3"]);
    expect(results.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    link.onProduce = () => MESSAGE_TOO_LARGE;
    await expect(appender.append(0, Buffer.from("4"))).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("a topic that is not the one that was opened", () => {
  it("gets nothing more once it was deleted and made anew", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic);
    for (let i = 0; i < 3; i++) await appender.append(0, Buffer.from(`${i}`));
    await kafka.admin.deleteTopics({ topics: [topic] });
    await untilGone(topic);
    const gone = appender.append(0, Buffer.from("gone"));
    gone.catch(() => undefined);
    const configEntries = [{ name: "message.timestamp.type", value: "LogAppendTime" }];
    await kafka.admin.createTopics({ topics: [{ topic, numPartitions: 4, configEntries }] });
    await expect(gone).rejects.toMatchObject({ kind: "unknownOutcome" });
    await expect(appender.append(0, Buffer.from("more"))).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("millrace migrate"),
    });
  });
});

describe("an appender", () => {
  it("carries a trace to the record's headers", async () => {
    const { topic } = await kafka.topic();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await open(topic).append(0, Buffer.from("x"), { traceparent });
    expect((await stored(topic))[0]!.traceparent).toBe(traceparent);
  });

  it("refuses what goes beyond its room with exhausted, and takes more when there is room again", async () => {
    const { topic } = await kafka.topic();
    const appender = open(topic, { maxQueuedBytes: 3000 });
    const first = appender.append(0, Buffer.alloc(2000));
    await expect(appender.append(1, Buffer.alloc(2000))).rejects.toMatchObject({
      kind: "exhausted",
      reason: "OVERLOADED",
      retryAfterMs: expect.any(Number),
    });
    await first;
    await appender.append(1, Buffer.alloc(2000));
  });
});

async function untilAppended(appender: KafkaAppender, text: string) {
  for (const deadline = performance.now() + 10_000; ; ) {
    try {
      return await appender.append(0, Buffer.from(text));
    } catch (error) {
      if (performance.now() > deadline || (error as { kind?: string }).kind !== "unavailable") throw error;
    }
  }
}

/** Deletion takes effect some time after it was answered. */
async function untilGone(topic: string): Promise<void> {
  while ((await kafka.admin.listTopics()).includes(topic)) await new Promise((resolve) => setTimeout(resolve, 20));
}
