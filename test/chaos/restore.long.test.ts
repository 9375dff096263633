/** The drill of `docs/operating.md`: an older backup of the cells is put back, offsets are rewound, and every total is exact again. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, runCli } from "@millrace/harness";
import { createTicks } from "@millrace/harness/load";
import { copyCells, launchMesh, type Mesh, putCellsBack } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { expectNoneEnded, PATIENCE, ProjectLoad } from "./project-load.ts";
import { chaosSeed, randomFrom } from "./seed.ts";

const PROJECT = "restored";
/** So much is folded before the backup, and so much after it. */
const EVENTS = 1_000n;

it("an older backup that is put back is noticed, and gives exact totals once offsets are rewound", {
  timeout: 400_000,
}, async () => {
  const mesh = await launchMesh({
    counts: { config: 1, ingest: 1, processing: 1, reporting: 1, dashboard: 1 },
    env: { MILLRACE_KAFKA_SESSION_TIMEOUT_MS: "6s" },
  });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(mesh.output.slice(-30_000)));
  const load = new ProjectLoad(mesh, PROJECT, await createTicks(mesh, PROJECT), randomFrom(chaosSeed()));
  onTestFinished(() => load.abort());
  load.send("stream", "Stream");
  load.send("send", "Send");
  await untilFolded(mesh, EVENTS);

  const saved = await millrace(mesh, "show", "--output", "json");
  const file = join(mesh.dataDirectory, "offsets.json");
  writeFileSync(file, saved.stdout);
  // Folding goes on while rows are copied: the tables of the copy are of different moments.
  const copy = await copyCells(mesh);
  await untilFolded(mesh, (await folded(mesh)) + EVENTS);

  expect(await mesh.process("processing-1").end("SIGTERM")).toMatchObject({ code: 0 });
  await putCellsBack(mesh, copy);
  mesh.process("processing-1").spawn();
  await until("processing refuses the older store", () => !mesh.process("processing-1").isRunning, PATIENCE);
  expect(mesh.process("processing-1").output).toMatch(
    /the cell store holds it up to offset \d+: a backup was put back/,
  );

  const rewind = () => millrace(mesh, "rewind", "--to", file, "--output", "json", "--yes");
  const { steps } = await until(
    "offsets are rewound",
    async () => {
      const { exitCode, stdout } = await rewind();
      return exitCode === 0 && (JSON.parse(stdout) as { steps: { from: number; to: number }[] });
    },
    PATIENCE,
  );
  const again = steps.reduce((sum, { from, to }) => sum + from - to, 0);
  expect(again).toBeGreaterThan(0);
  await mesh.restart("processing-1");
  process.stdout.write(`  ${copy.rows} rows put back, ${again} records folded again: ${await load.expectExact()}\n`);
  expectNoneEnded(mesh);
});

async function folded(mesh: Mesh): Promise<bigint> {
  return (await mesh.status(PROJECT)).balance!.foldedCount;
}

function untilFolded(mesh: Mesh, count: bigint): Promise<unknown> {
  return until(`${count} events are folded`, async () => (await folded(mesh)) >= count, PATIENCE);
}

function millrace(mesh: Mesh, ...args: string[]) {
  return runCli(["offsets", ...args], { cwd: mesh.dataDirectory, env: environment(mesh.place) });
}
