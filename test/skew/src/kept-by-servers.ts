/** What a release keeps in Redis and in Kafka's control topic, as it lies there: recorded, and put back. */
import { randomUUID } from "node:crypto";
import { CLAIM_ID_BYTES, type ClaimBatch, claimId, POSITION_BYTES, packPosition } from "@millrace/cache";
import { openRedisClaims } from "@millrace/cache/redis";
import { migrateKafkaTopics } from "@millrace/event-log/kafka";
import { kafkaServer, redisServer } from "@millrace/harness/servers";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";

/** A key of Redis without its prefix, and what is in it: names and values in turn, values and scores, or one value; base64. */
type RedisKey = { readonly key: string; readonly type: string; readonly content: readonly string[] };

/** What lay in servers. The topic's name stands for itself as TOPIC. */
export type Kept = {
  readonly claims: readonly RedisKey[];
  readonly control: readonly { readonly key: string; readonly value: string }[];
};

const COUNT = 1_000;
/** One slot with so many claims that its buckets were split, and one with few. */
const SLOTS = [29_474_674, 29_474_675];
const KEEP_UNTIL_MS = Date.UTC(2026, 0, 20);
const TOPIC = "TOPIC";
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Claims of so many events, always the same ones; for positions of another generation of the log where it is given. */
export function claimsOf(generation = 1): ClaimBatch {
  const ids = new Uint8Array(COUNT * CLAIM_ID_BYTES);
  const positions = new Uint8Array(COUNT * POSITION_BYTES);
  const slots = new Float64Array(COUNT);
  for (let i = 0; i < COUNT; i++) {
    const id = Buffer.from(`event-${i}`);
    claimId("shop", id, 0, id.length, ids, i * CLAIM_ID_BYTES);
    slots[i] = SLOTS[i < 20 ? 1 : 0]!;
    packPosition({ generation, partition: i % 300, offset: i * i, index: i % 7 }, positions, i * POSITION_BYTES);
  }
  return { count: COUNT, ids, slots, positions };
}

/** Keeps the claims and a topic's second generation in the servers of the run, and gives what lies there then. */
export async function recordKept(): Promise<Kept> {
  return { claims: await recordClaims(), control: await recordControl() };
}

async function recordClaims(): Promise<RedisKey[]> {
  const { url } = await redisServer();
  const prefix = `golden-${randomUUID()}`;
  const claims = await openRedisClaims({ address: url, prefix });
  await claims.claim(claimsOf(), KEEP_UNTIL_MS);
  await claims.close();
  const redis = new Redis(url);
  const found: RedisKey[] = [];
  for (const name of (await redis.keys(`${prefix}*`)).toSorted()) {
    const type = await redis.type(name);
    found.push({ key: name.slice(prefix.length), type, content: (await contentOf(redis, name, type)).map(toBase64) });
    await redis.unlink(name);
  }
  redis.disconnect();
  return found;
}

async function contentOf(redis: Redis, name: string, type: string): Promise<Buffer[]> {
  if (type === "hash") {
    // By pairs of a name and a value, which the client would make texts of.
    return (await redis.callBuffer("HGETALL", name)) as Buffer[];
  }
  if (type === "zset") {
    // Pairs, or their parts in turn, as the server's protocol has it; members are numbers' texts.
    const pairs = (await redis.call("ZRANGE", name, "0", "-1", "WITHSCORES")) as unknown[];
    return pairs.flat().map((part) => Buffer.from(String(part)));
  }
  if (type === "string") return [(await redis.getBuffer(name))!];
  throw new Error(`nobody has recorded a ${type} before`);
}

/** Puts claims back under a prefix. */
export async function putClaims(redis: Redis, prefix: string, keys: readonly RedisKey[]): Promise<void> {
  for (const { key, type, content } of keys) {
    const parts = content.map((text) => Buffer.from(text, "base64"));
    if (type === "hash") await redis.call("HSET", prefix + key, ...parts);
    else if (type === "string") await redis.call("SET", prefix + key, ...parts);
    else {
      for (let i = 0; i < parts.length; i += 2) await redis.call("ZADD", prefix + key, parts[i + 1]!, parts[i]!);
    }
  }
}

/** New topics in the Kafka of the run, made as `millrace migrate` makes them, and a client that knows nothing of ours. */
export async function newTopics() {
  const { brokers } = await kafkaServer();
  const id = randomUUID();
  const names = { topic: `events-${id}`, controlTopic: `control-${id}`, deadLettersTopic: `letters-${id}` };
  const options = { brokers, ...names, log: SILENT };
  const plan = { partitions: 3, replicationFactor: 1, allow: ["replication-factor"] };
  await migrateKafkaTopics(options, plan);
  const kafka = new Kafka({ brokers: [...brokers], clientId: "golden", logLevel: logLevel.NOTHING });
  return { options, plan, kafka };
}

async function recordControl(): Promise<Kept["control"]> {
  const { options, plan, kafka } = await newTopics();
  await migrateKafkaTopics(options, { ...plan, newGeneration: true });
  const { topic, controlTopic } = options;
  const consumer = kafka.consumer({ groupId: `golden-${randomUUID()}` });
  const found: { key: string; value: string }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: controlTopic, fromBeginning: true });
  const isOurs = (text: string) => JSON.parse(text).topic === topic;
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({
      message: { key, value },
    }: {
      message: { key: Buffer | null; value: Buffer | null };
    }) => {
      const texts = { key: String(key), value: String(value) };
      if (isOurs(texts.value)) found.push(texts);
      const { generation, state } = JSON.parse(texts.value);
      if (isOurs(texts.value) && generation === 2 && state === "ready") resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found.map(({ key, value }) => ({ key: key.replaceAll(topic, TOPIC), value: value.replaceAll(topic, TOPIC) }));
}

/** Puts records of a topic back, as those of a topic of another name. */
export async function putControl(
  kafka: Kafka,
  records: Kept["control"],
  names: { topic: string; controlTopic: string },
) {
  const producer = kafka.producer();
  await producer.connect();
  const named = (text: string) => text.replaceAll(TOPIC, names.topic);
  const messages = records.map(({ key, value }) => ({ key: named(key), value: named(value) }));
  await producer.send({ topic: names.controlTopic, messages });
  await producer.disconnect();
}

function toBase64(bytes: Buffer): string {
  return bytes.toString("base64");
}
