/**
 * Processors join and leave all the time, for minutes: partitions move, each event counts once, and what is counted a second
 * falls to no less than half. `MILLRACE_CHAOS_MS` makes it longer.
 */
import { launchMesh } from "@millrace/harness/mesh";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { MeshLoad } from "./mesh-load.ts";
import { chaosMs, chaosSeed, randomFrom } from "./seed.ts";
import { storm, stormText } from "./storm.ts";

const LASTS_MS = chaosMs(180_000);
const CALM_MS = 20_000;
const MOVES = Math.ceil(LASTS_MS / 2_000);

it("every event counts once, while a processor joins or leaves every two seconds, for minutes, and half as fast at least", {
  timeout: LASTS_MS * 5 + 600_000,
}, async () => {
  const mesh = await launchMesh({
    counts: { config: 1, ingest: 1, reporting: 1, dashboard: 1, processing: 4 },
    env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" },
  });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`${mesh.output.slice(-30_000)}\n`));
  const load = await MeshLoad.start(mesh, randomFrom(chaosSeed()));
  const seen = await storm(mesh, load, CALM_MS, MOVES);
  process.stdout.write(stormText(seen));
  await load.expectExact();
  expect(seen.moves).toBeGreaterThan(0);
  expect(seen.inStorm.counted).toBeGreaterThanOrEqual(seen.calm.counted / 2);
});
