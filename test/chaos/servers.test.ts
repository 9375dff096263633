/** Servers are killed, emptied and filled under load: what was acknowledged counts once, and what waits says why. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { createTicks } from "@millrace/harness/load";
import { type OwnServers, ownCassandra } from "@millrace/harness/servers";
import { until } from "@millrace/harness/until";
import { afterAll, afterEach, beforeAll, expect, it, onTestFailed, onTestFinished } from "vitest";
import { expectNoneEnded, PATIENCE, type ProjectLoad } from "./project-load.ts";
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
afterEach(() => expectNoneEnded(on.mesh));

async function loaded(projectId: string): Promise<ProjectLoad> {
  onTestFailed(() => void process.stderr.write(on.mesh.output.slice(-30_000)));
  const load = await on.load(projectId);
  onTestFinished(() => load.abort());
  return load;
}

/** Waits until ingest acknowledges what somebody sends who comes only now. */
async function expectIngestGoesOn(load: ProjectLoad): Promise<void> {
  const during = load.send("during", "Send");
  await load.until("ingest goes on", () => during.account.acknowledged > 0);
}

/** Holds all accounts, and prints them with the time that this took since everything was there again. */
async function expectExact(load: ProjectLoad, meanwhile: string): Promise<void> {
  const backMs = performance.now();
  const account = await load.expectExact();
  const seconds = ((performance.now() - backMs) / 1000).toFixed(1);
  process.stdout.write(`  ${meanwhile}: ${account}; recovered after ${seconds} s\n`);
}

it("Cassandra is killed: ingest goes on, questions fail in plain words, writes wait, and nothing is lost", async () => {
  const load = await loaded("cassandra-killed");
  const [node] = cassandra.nodes;
  await node!.kill9();
  const [words, stalled] = await Promise.all([
    on.expectNoAnswer("cassandra-killed"),
    on.untilStalled(/Cassandra/),
    expectIngestGoesOn(load),
  ]);
  await node!.start();
  await until("questions are answered", () => on.count("cassandra-killed"), PATIENCE);
  await expectExact(load, `Cassandra killed, "${words}", "${stalled}"`);
});

it("the claims' Redis is killed: partitions wait and say so, go on once it is back, and know what they knew", async () => {
  const again = await sender("again");
  await again.send("ingest-1", 20);
  const load = await loaded("claims-killed");
  const [claims] = on.claims.nodes;
  await claims!.kill9();
  const [stalled] = await Promise.all([on.untilStalled(/Redis of the claims/), expectIngestGoesOn(load)]);
  await claims!.start();
  await expectExact(load, `claims killed, "${stalled}"`);
  await again.send("ingest-2", 20);
});

it("the claims' Redis is emptied: what is sent again counts again, which is told; nothing is lost", async () => {
  const again = await sender("emptied");
  await again.send("ingest-1", 20);
  const load = await loaded("claims-emptied");
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
  const load = await loaded("claims-full");
  await tellRedis(on.claims, "CONFIG SET maxmemory 1");
  const [stalled] = await Promise.all([on.untilStalled(/is full/), expectIngestGoesOn(load)]);
  await tellRedis(on.claims, "CONFIG SET maxmemory 0");
  await expectExact(load, `claims full, "${stalled}"`);
});

it("the cache's Redis is away: ingest and questions go on", async () => {
  const load = await loaded("cache-away");
  const [cache] = on.cache.nodes;
  await cache!.kill9();
  await expectIngestGoesOn(load);
  await until("questions are answered", () => on.count("cache-away"), PATIENCE);
  await expectExact(load, "cache away");
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
