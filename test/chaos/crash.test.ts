/**
 * Every kind of service is killed on a mesh under load, and a processor is stopped for longer than its session. What was
 * acknowledged counts once, exactly, in every bucket. `MILLRACE_CHAOS_SEED` does the same things in the same order again.
 */
import { launchMesh } from "@millrace/harness/mesh";
import { MeshLoad } from "@millrace/harness/mesh-load";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { type Strike, strikeAll } from "./crashes.ts";
import { chaosSeed, randomFrom, shuffled } from "./seed.ts";

const KILLS = (["ingest", "ingest", "processing", "processing", "config", "reporting"] as const).map(
  (service): Strike => ({ service, how: "kill" }),
);
const FROZEN: Strike = { service: "processing", how: "freeze" };
const PEACE = { fromMs: 2_000, toMs: 4_000 };

it("every event counts once, whichever service is killed or stands still", { timeout: 400_000 }, async () => {
  const seed = chaosSeed();
  const random = randomFrom(seed);
  const mesh = await launchMesh({
    counts: { config: 1, reporting: 1, dashboard: 1 },
    env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" },
  });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n${mesh.output.slice(-30_000)}\n`));
  const load = await MeshLoad.start(mesh, randomFrom(seed + 1));
  const done = await strikeAll(mesh, load, [...shuffled(KILLS, random), FROZEN], PEACE, random);
  process.stdout.write(`seed ${seed}: ${done.join(", ")}\n`);
  await load.expectExact();
  expect(load.failures).toBeGreaterThan(0);
});
