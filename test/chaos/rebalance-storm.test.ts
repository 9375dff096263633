/** Processors join and leave all the time: partitions move, events go on being counted, and each counts once. */
import { launchMesh } from "@millrace/harness/mesh";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { MeshLoad } from "./mesh-load.ts";
import { chaosSeed, randomFrom } from "./seed.ts";
import { storm, stormText } from "./storm.ts";

it("every event counts once, while a processor joins or leaves every two seconds", { timeout: 400_000 }, async () => {
  const mesh = await launchMesh({
    counts: { config: 1, ingest: 1, reporting: 1, dashboard: 1, processing: 3 },
    env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" },
  });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`${mesh.output.slice(-30_000)}\n`));
  const load = await MeshLoad.start(mesh, randomFrom(chaosSeed()));
  const seen = await storm(mesh, load, 4_000, 6);
  process.stdout.write(stormText(seen));
  await load.expectExact();
  expect(seen.moves).toBeGreaterThan(0);
});
