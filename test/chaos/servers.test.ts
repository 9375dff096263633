/** Servers are killed, emptied and filled under load: what was acknowledged counts once, and what waits says why. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { createTicks } from "@millrace/harness/load";
import { type OwnServers, ownCassandra } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PATIENCE } from "./project-load.ts";
import { chaosSeed, randomFrom } from "./seed.ts";
import { ServerMesh, tellRedis } from "./server-mesh.ts";

let on: ServerMesh;
let cassandra: OwnServers;

beforeAll(async () => {
  cassandra = await ownCassandra({ commitlogSync: "batch" });
  // Three of ingest: each remembers by itself what it took.
  on = await ServerMesh.start({ cassandra, replicas: 1 }, randomFrom(chaosSeed()), { ingest: 3 });
}, 300_000);
afterAll(() => on?.[Symbol.asyncDispose]());

it("Cassandra is killed: ingest goes on, questions fail in plain words, writes wait, and nothing is lost", async () => {
  const load = await on.load("cassandra-killed");
  const [node] = cassandra.nodes;
  await node!.kill9();
  const [words, stalled] = await Promise.all([
    on.expectNoAnswer("cassandra-killed"),
    on.untilStalled(/Cassandra/),
    load.expectIngestGoesOn(),
  ]);
  await node!.start();
  await until("questions are answered", () => on.count("cassandra-killed"), PATIENCE);
  await load.expectExactAfter(`Cassandra killed, "${words}", "${stalled}"`);
});

it("the claims' Redis is killed: partitions wait and say so, go on once it is back, and know what they knew", async () => {
  const again = await sender("again");
  await again.send("ingest-1", 20);
  const load = await on.load("claims-killed");
  const [claims] = on.claims.nodes;
  await claims!.kill9();
  const [stalled] = await Promise.all([on.untilStalled(/Redis of the claims/), load.expectIngestGoesOn()]);
  await claims!.start();
  await load.expectExactAfter(`claims killed, "${stalled}"`);
  await again.send("ingest-2", 20);
});

it("the claims' Redis is emptied: what is sent again counts again, which is told; nothing is lost", async () => {
  const again = await sender("emptied");
  await again.send("ingest-1", 20);
  const load = await on.load("claims-emptied");
  const before = await losses();
  await tellRedis(on.claims, "FLUSHALL");
  // A failover, or a restart without a file, ends connections too.
  await tellRedis(on.claims, "CLIENT KILL TYPE normal");
  await until("the loss is counted", async () => (await losses()) > before, PATIENCE);
  expect(on.mesh.process("processing-1").output).toContain("The Redis of the claims was emptied.");
  process.stdout.write(`  claims emptied: ${await load.expectNoneMissing()}; 20 sent again count again\n`);
  await again.send("ingest-3", 40);
});

it("the claims' Redis is full: partitions wait and say so, and go on once it has room", async () => {
  const load = await on.load("claims-full");
  await tellRedis(on.claims, "CONFIG SET maxmemory 1");
  const [stalled] = await Promise.all([on.untilStalled(/is full/), load.expectIngestGoesOn()]);
  await tellRedis(on.claims, "CONFIG SET maxmemory 0");
  await load.expectExactAfter(`claims full, "${stalled}"`);
});

it("the cache's Redis is away: ingest and questions go on", async () => {
  const load = await on.load("cache-away");
  const [cache] = on.cache.nodes;
  await cache!.kill9();
  await load.expectIngestGoesOn();
  await until("questions are answered", () => on.count("cache-away"), PATIENCE);
  await load.expectExactAfter("cache away");
  await cache!.start();
});

/** Sends the same twenty events to one process of ingest after the other. */
async function sender(projectId: string) {
  const key = await createTicks(on.mesh, projectId);
  const time = timestampFromMs(Date.now());
  const events = Array.from({ length: 20 }, (_, i) => {
    return { name: "tick", userId: `u${i}`, eventId: `again-${i}`, time, properties: { producer: "again", amount: 1 } };
  });
  return {
    /** Sends them, and expects that so many are counted in the end. */
    async send(ingest: string, counted: number): Promise<void> {
      const { rejectedCount } = await on.mesh.clientOf(ingest, IngestService, key).send({ events });
      expect(rejectedCount).toBe(0);
      const sheet = await on.mesh.untilCounted(projectId, counted, PATIENCE);
      expect(sheet).toMatchObject({ foldedCount: BigInt(counted), inFlightCount: 0n });
    },
  };
}

/** How often processing found that its claims were gone. */
async function losses(): Promise<number> {
  const text = await on.mesh.process("processing-1").metrics();
  return Number(/^millrace_claims_losses\S* (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}
