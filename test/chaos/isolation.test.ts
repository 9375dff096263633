/**
 * What ingest and reporting do not need goes away: not by a connection that is refused, but by one that nobody answers.
 * Acknowledgements go on as before, processes of ingest that start meanwhile do start, and questions are answered from what
 * is stored. With everything back, every event counts once.
 */
import { setTimeout as pause } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { createTicks, expectExactlyOnce, Granularity, lastDays } from "@millrace/harness/load";
import { BLACK_HOLE } from "@millrace/harness/tcp-proxy";
import { until } from "@millrace/harness/until";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { type Outage, ProxiedMesh } from "./proxied-mesh.ts";
import { SteadySender, type Waits } from "./steady-sender.ts";

const PROJECT = "ticks";
const ANSWERS = 200;
/** Far beyond what an answer takes, and less than the deadline of any call to another service or to a server. */
const ANSWERED_WITHIN_MS = 4_500;
/** A machine that is slow in peace is slow in an outage, too. */
const TIMES_OF_PEACE = 5;
const STANDS_STILL_MS = 1_500;
const PATIENCE = { withinMs: 180_000, everyMs: 100 };

it("acknowledgements and answers go on while anything else hangs", { timeout: 600_000 }, async () => {
  const system = await ProxiedMesh.start();
  const { mesh } = system;
  onTestFinished(() => system.dispose());
  onTestFailed(() => void process.stderr.write(`\n── what the services wrote\n${mesh.output.slice(-30_000)}\n`));
  const key = await createTicks(mesh, PROJECT);
  let others = 0;

  async function sendOne(name: string): Promise<Code | undefined> {
    const code = await codeOf(mesh.clientOf(name, IngestService, key).send({ events: [{ name: "other" }] }));
    if (code === undefined) others++;
    return code;
  }
  const untilItTakes = (name: string) =>
    until(`${name} takes events`, async () => (await sendOne(name)) === undefined, PATIENCE);

  /** What acknowledgements took while a process of ingest was started and questions were asked. */
  async function measure(sender: SteadySender, outage?: Outage): Promise<Waits> {
    const when = outage?.name ?? "in peace";
    await outage?.begin();
    sender.takeWaits();
    const asking = outage?.answers === undefined ? undefined : codeOf(ask(system));
    await mesh.restart("ingest-2");
    const code = await sendOne("ingest-2");
    expect([when, code]).toEqual([when, outage?.hidesKeys ? Code.Unavailable : undefined]);
    expect([when, await asking]).toEqual([when, outage?.answers === false ? Code.Unavailable : undefined]);
    await until("there are enough acknowledgements", () => sender.answers >= ANSWERS, PATIENCE);
    const waits = sender.takeWaits();
    await outage?.end();
    await untilItTakes("ingest-2");
    expect([when, sender.failures]).toEqual([when, []]);
    return waits;
  }

  await untilItTakes("ingest-1");
  const sender = new SteadySender(mesh, "ingest-1", key);
  const calm = await measure(sender);
  report("in peace", calm);
  for (const outage of system.outages) {
    const waits = await measure(sender, outage);
    report(outage.name, waits, calm);
    expect(waits.most).toBeLessThan(Math.max(ANSWERED_WITHIN_MS, TIMES_OF_PEACE * calm.most));
  }
  await sender.stop();
  await mesh.untilCounted(PROJECT, sender.account.sent + others, PATIENCE);

  await expectAnswersWithoutLog(system, sender.account.sent + others);
  await untilItTakes("ingest-1");
  await expectExactlyOnce(mesh, PROJECT, [sender], others);
  process.stdout.write(`  everything is back: ${sender.account.sent} + ${others} acknowledged, each counted once\n`);
});

/** Ingest is gone, Kafka hangs, and the cache too: answers have what is stored, and say that time stands still for them. */
async function expectAnswersWithoutLog(system: ProxiedMesh, count: number): Promise<void> {
  const { mesh, kafka, cache } = system;
  const startMs = Date.now();
  await until("the watermark goes on", async () => (await ask(system)).watermarkMs > startMs, PATIENCE);
  const [broker] = kafka.nodes;
  await Promise.all(mesh.processesOf("ingest").map(({ name }) => mesh.kill9(name)));
  await broker!.freeze();
  const frozenMs = Date.now();
  await cache.become(BLACK_HOLE);
  const still = await until(
    "the watermark stands still",
    async () => {
      const before = await ask(system);
      await pause(STANDS_STILL_MS);
      const after = await ask(system);
      return before.watermarkMs === after.watermarkMs ? after : undefined;
    },
    PATIENCE,
  );
  expect(still.count).toBe(count);
  expect(still.watermarkMs).toBeLessThanOrEqual(frozenMs);
  process.stdout.write(
    `  Kafka, ingest and the cache are away: ${still.count} events are in the answer, whose watermark stands still ` +
      `${frozenMs - still.watermarkMs} ms before Kafka hung\n`,
  );
  await cache.become({});
  await broker!.thaw();
  for (const { name } of mesh.processesOf("ingest")) await mesh.restart(name);
  await until("the watermark goes on again", async () => (await ask(system)).watermarkMs > frozenMs, PATIENCE);
}

/** How many events reporting itself tells of, and up to when it knows of all. */
async function ask({ mesh }: ProxiedMesh): Promise<{ count: number; watermarkMs: number }> {
  const query = {
    projectId: PROJECT,
    metrics: ["ticks"],
    granularity: Granularity.GRANULARITY_1M,
    timeRange: lastDays(2),
    limit: 10_000,
  };
  const { result } = await mesh.clientOf("reporting-1", ReportingService).query({ query });
  const counts = result!.rows.map(({ values }) => Number(values[1]?.kind.value ?? 0));
  return { count: counts.reduce((sum, one) => sum + one, 0), watermarkMs: timestampMs(result!.watermark!) };
}

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown).code,
  );
}

function report(what: string, { count, p50, p99, most }: Waits, calm?: Waits): void {
  const ratio = calm === undefined ? "" : `; ${(p99 / calm.p99).toFixed(2)} of the p99 in peace`;
  const times = [p50, p99, most].map((ms) => ms.toFixed(0)).join(", ");
  process.stdout.write(`  ${what}: ${count} acknowledgements; p50, p99, most: ${times} ms${ratio}\n`);
}
