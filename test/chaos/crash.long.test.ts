/**
 * As crash.test.ts, with two of each service and for minutes: strikes at any of them, every 5 to 20 seconds.
 * `MILLRACE_CHAOS_MS` makes it longer, `MILLRACE_CHAOS_SEED` does the same things in the same order again.
 */
import { launchMesh, type ServiceName } from "@millrace/harness/mesh";
import { MeshLoad } from "@millrace/harness/mesh-load";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { type Strike, strikeAll } from "./crashes.ts";
import { chaosMs, chaosSeed, randomFrom } from "./seed.ts";

const LASTS_MS = chaosMs(300_000);
const SERVICES: readonly ServiceName[] = ["ingest", "processing", "config", "reporting", "processing"];
const FREEZE_PROBABILITY = 0.4;
const PEACE = { fromMs: 5_000, toMs: 20_000 };

it("every event counts once, whichever service is killed or stands still, for minutes", {
  timeout: LASTS_MS + 600_000,
}, async () => {
  const seed = chaosSeed();
  process.stdout.write(`seed ${seed}\n`);
  const random = randomFrom(seed);
  const mesh = await launchMesh({ counts: { dashboard: 1 }, env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "10s" } });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n${mesh.output.slice(-30_000)}\n`));
  const load = await MeshLoad.start(mesh, randomFrom(seed + 1));
  const done = await strikeAll(mesh, load, strikes(random), PEACE, random);
  process.stdout.write(`seed ${seed}: ${done.join(", ")}\n`);
  await load.expectExact();
  expect(load.failures).toBeGreaterThan(0);
});

function* strikes(random: () => number): Generator<Strike> {
  const endsMs = performance.now() + LASTS_MS;
  while (performance.now() < endsMs) {
    const service = SERVICES[Math.floor(random() * SERVICES.length)]!;
    const isFrozen = random() < FREEZE_PROBABILITY;
    yield { service, how: isFrozen && service === "processing" ? "freeze" : "kill" };
  }
}
