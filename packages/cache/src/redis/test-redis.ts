import { randomUUID } from "node:crypto";
import { redisServer } from "@millrace/harness/servers";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";

/** A real Redis for one test: keys of its own on the shared server, removed at the end, and a plain client. */
export async function testRedis(): Promise<{ address: string; prefix: string; client: Redis }> {
  const { url } = await redisServer();
  const prefix = `test-${randomUUID()}`;
  const client = new Redis(url);
  onTestFinished(async () => {
    const keys = await keysOf(client, prefix);
    if (keys.length > 0) await client.unlink(...keys);
    client.disconnect();
  });
  return { address: url, prefix, client };
}

/** All keys that begin with the prefix. */
export async function keysOf(client: Redis, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const found of client.scanStream({ match: `${prefix}*`, count: 10_000 }))
    keys.push(...(found as string[]));
  return keys;
}
