import { randomUUID } from "node:crypto";
import { redisServer } from "@millrace/harness/servers";
import { TcpProxy } from "@millrace/harness/tcp-proxy";
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

/** Whom the faults of a link meet. */
export type LinkFaults = {
  /** True: only connections that are there when a fault begins suffer from it. Absent: those that come later, too. */
  readonly spareNewConnections?: boolean;
};

/** As `testRedis`, with a link in front of the server that the test can break. */
export async function proxiedRedis({ spareNewConnections = false }: LinkFaults = {}) {
  const redis = await testRedis();
  const link = await TcpProxy.open(
    new URL(redis.address).host,
    spareNewConnections ? { onLink: (connection) => connection.become({}) } : {},
  );
  onTestFinished(() => link.close());
  return { ...redis, link, linkAddress: `redis://${link.address}` };
}

/** All keys that begin with the prefix. */
export async function keysOf(client: Redis, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const found of client.scanStream({ match: `${prefix}*`, count: 10_000 }))
    keys.push(...(found as string[]));
  return keys;
}
