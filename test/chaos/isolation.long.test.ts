/** How much slower acknowledgements get while something else hangs: measured, so nothing else may keep the machine busy. */
import { setTimeout as pause } from "node:timers/promises";
import { createTicks, expectExactlyOnce } from "@millrace/harness/load";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { ProxiedMesh } from "./proxied-mesh.ts";
import { SteadySender } from "./steady-sender.ts";

const ROUNDS = 3;
const PHASE_MS = 10_000;
/** After an outage whoever was away catches up, which takes the machine's time. */
const RECOVERY_MS = 6_000;
/** The same, but for what chance does to one in a hundred. */
const RATIO_MAX = 1.5;

it("the p99 of acknowledgements is the same whatever else hangs", async () => {
  const system = await ProxiedMesh.start();
  const { mesh } = system;
  onTestFinished(() => system.dispose());
  onTestFailed(() => void process.stderr.write(`\n── what the services wrote\n${mesh.output.slice(-30_000)}\n`));
  const key = await createTicks(mesh, "ticks");
  const sender = new SteadySender(mesh, "ingest-1", key);
  await pause(RECOVERY_MS);
  const ratios = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, begin, end } of system.outages) {
      sender.takeWaits();
      await pause(PHASE_MS);
      const calm = sender.takeWaits();
      await begin();
      await pause(PHASE_MS);
      const away = sender.takeWaits();
      await end();
      await pause(RECOVERY_MS);
      ratios.set(name, [...(ratios.get(name) ?? []), away.p99 / calm.p99]);
      const times = [calm.p99, away.p99, away.most].map((ms) => ms.toFixed(1)).join(", ");
      process.stdout.write(`  ${name}: p99 in peace, then, and the slowest: ${times} ms of ${away.count}\n`);
    }
  }
  expect(sender.failures).toEqual([]);
  await sender.stop();
  await expectExactlyOnce(mesh, "ticks", [sender]);
  for (const [name, all] of ratios) {
    const median = all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;
    process.stdout.write(`  ${name}: ${median.toFixed(2)} of the p99 in peace\n`);
    expect(median, name).toBeLessThan(RATIO_MAX);
  }
});
