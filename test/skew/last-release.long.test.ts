/** The services and the client of the last release beside those of this one, in one mesh: every number is exact. */
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { CHECKOUT } from "@millrace/harness";
import { lastDays } from "@millrace/harness/load";
import { launchMesh, type Mesh, type ServiceName } from "@millrace/harness/mesh";
import { MeshLoad } from "@millrace/harness/mesh-load";
import { until } from "@millrace/harness/until";
import { beforeAll, expect, it, onTestFailed, onTestFinished } from "vitest";
import { checkoutOf, lastRelease, type Release } from "./src/releases.ts";
import { SdkBeside } from "./src/sdk-beside.ts";

/** As docs/operating.md tells. */
const ORDER: readonly ServiceName[] = ["processing", "ingest", "reporting", "config", "dashboard"];
const EVENTS_BETWEEN = 500;
const PATIENCE = { withinMs: 120_000, everyMs: 100 };

let release: Release;
let old: string;
beforeAll(async () => {
  release = await lastRelease();
  old = await checkoutOf(release);
  process.stdout.write(`beside ${release.name} (${release.commit.slice(0, 12)})\n`);
}, 600_000);

it("both count every event once, share partitions in one group, and read and go on with each other's cells", async () => {
  const mixed = Object.fromEntries(ORDER.map((service) => [`${service}-1`, old]));
  const mesh = await startMesh(mixed);
  const load = await MeshLoad.start(mesh, Math.random);
  const beside = new SdkBeside(old, mesh.process("dashboard-2").url, load.key, "last-sdk");
  await goesOn(mesh, load);
  // Each takes the other's place: what one has folded the other goes on with, and the other way round.
  for (const service of ORDER) {
    for (const [name, checkout] of [
      [`${service}-1`, CHECKOUT],
      [`${service}-2`, old],
    ] as const) {
      await install(mesh, name, checkout);
      await Promise.race([goesOn(mesh, load), load.failed]);
    }
  }
  await load.expectExact([await beside.stop()]);
  await expectSameAnswers(mesh);
});

it("an update in order, and the way back, lose nothing, and fail nothing for clients of either release", async () => {
  const mesh = await startMesh(Object.fromEntries(ORDER.map((service) => [service, old])));
  const load = await MeshLoad.start(mesh, Math.random);
  const beside = new SdkBeside(old, mesh.url, load.key, "last-sdk");
  await goesOn(mesh, load);
  for (const [order, checkout] of [
    [ORDER, CHECKOUT],
    [ORDER.toReversed(), old],
  ] as const) {
    for (const service of order) {
      for (const { name } of mesh.processesOf(service)) await install(mesh, name, checkout);
      await Promise.race([goesOn(mesh, load), load.failed]);
    }
  }
  await load.expectExact([await beside.stop()]);
  await expectSameAnswers(mesh);
});

async function startMesh(checkoutOfProcess: Readonly<Record<string, string>>): Promise<Mesh> {
  const env = { MILLRACE_DRAIN_DELAY_MS: "500" };
  const mesh = await launchMesh({ firstMigratedBy: old, checkoutOf: checkoutOfProcess, env });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(mesh.output.slice(-20_000)));
  return mesh;
}

/** Replaces a process by one of another release, in good order. */
async function install(mesh: Mesh, name: string, checkout: string): Promise<void> {
  mesh.process(name).install(checkout);
  expect(await mesh.terminate(name), `how ${name} ended`).toEqual({ code: 0, signal: null });
  await mesh.restart(name);
}

/** Resolves when some more events were acknowledged, and some more counted. */
async function goesOn(mesh: Mesh, load: MeshLoad): Promise<void> {
  const acknowledged = load.acknowledged;
  const folded = await load.folded();
  await until("events are acknowledged", () => load.acknowledged > acknowledged + EVENTS_BETWEEN, PATIENCE);
  await until(`events are counted in ${mesh.url}`, async () => (await load.folded()) > folded, PATIENCE);
}

/** Every reporting process, of either release, gives the same rows. */
async function expectSameAnswers(mesh: Mesh): Promise<void> {
  const question = { projectId: "ticks", metrics: ["ticks", "amount"], dimensions: ["producer"] };
  const query = { ...question, timeRange: lastDays(3) };
  const answers = await Promise.all(
    mesh.processesOf("reporting").map(async ({ name }) => {
      const { result } = await mesh.clientOf(name, ReportingService).query({ query });
      return result!.rows.map(({ values }) => values.map(({ kind }) => String(kind.value)).join(" ")).toSorted();
    }),
  );
  expect(answers[0]!.length).toBeGreaterThan(4);
  for (const answer of answers) expect(answer).toEqual(answers[0]);
}
