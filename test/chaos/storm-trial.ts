import { launchMesh } from "@millrace/harness/mesh";
import { MeshLoad } from "@millrace/harness/mesh-load";
import { expect, onTestFailed, onTestFinished } from "vitest";
import { chaosSeed, randomFrom } from "./seed.ts";
import { storm, stormText } from "./storm.ts";

/** Lets a mesh of four processors go through a storm, and holds it to its word. The calm before is as long as it says. */
export async function weatherStorm(calmMs: number, moves: number): Promise<void> {
  const mesh = await launchMesh({
    counts: { config: 1, ingest: 1, reporting: 1, dashboard: 1, processing: 4 },
    env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" },
  });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`${mesh.output.slice(-30_000)}\n`));
  const load = await MeshLoad.start(mesh, randomFrom(chaosSeed()));
  const seen = await storm(mesh, load, calmMs, moves);
  process.stdout.write(stormText(seen));
  await load.expectExact();
  expect(seen.inStorm.counted).toBeGreaterThanOrEqual(seen.calm.counted / 2);
}
