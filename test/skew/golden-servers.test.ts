/** What every release ever left in servers is read, and gone on with, by this one. */
import { randomUUID } from "node:crypto";
import { openRedisClaims } from "@millrace/cache/redis";
import { openKafkaEventLog } from "@millrace/event-log/kafka";
import { redisServer } from "@millrace/harness/servers";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { claimsOf, newTopics, putClaims, putControl } from "./src/kept-by-servers.ts";
import { readKept, recordedReleases } from "./src/recording.ts";

const LATER_MS = Date.UTC(2026, 0, 21);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe.each(await recordedReleases())("what %s left", (release) => {
  it("in Redis: whoever sends an event again meets the claim of its first position", async () => {
    const { url } = await redisServer();
    const prefix = `golden-${randomUUID()}`;
    const redis = new Redis(url);
    onTestFinished(async () => {
      const keys = await redis.keys(`${prefix}*`);
      if (keys.length > 0) await redis.unlink(...keys);
      redis.disconnect();
    });
    const { claims: keys } = await readKept(release);
    await putClaims(redis, prefix, keys);
    const claims = await openRedisClaims({ address: url, prefix });
    onTestFinished(() => claims.close());
    const first = claimsOf();
    expect(hex(await claims.lookup(first))).toBe(hex(first.positions));
    expect(hex(await claims.claim(claimsOf(2), LATER_MS))).toBe(hex(first.positions));
  });

  it("in Kafka's control topic: a topic is opened in the generation that it had", async () => {
    const { options, kafka } = await newTopics();
    const admin = kafka.admin();
    onTestFinished(async () => {
      const { topic, controlTopic, deadLettersTopic } = options;
      await admin.deleteTopics({ topics: [topic, controlTopic, deadLettersTopic] });
      await admin.disconnect();
    });
    await admin.connect();
    const { control } = await readKept(release);
    await putControl(kafka, control, options);
    const log = await openKafkaEventLog(options);
    onTestFinished(() => log.close());
    expect({ generation: log.generation, partitions: log.partitions }).toEqual({ generation: 2, partitions: 3 });
  });
});
