/**
 * `npm run test:cluster`: builds the image, gives it to the cluster of the current context, and runs test/cluster there. What
 * the environment says is in test/cluster/README.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { buildImage } from "./image.ts";
import { bringLabUp, type Lab } from "./lab.ts";
import { run } from "./run-program.ts";

const { env } = process;
const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-image-"));
let lab: Lab | undefined;
try {
  const settings: Record<string, string> = {};
  if (env["MILLRACE_CLUSTER_LAB"]) {
    lab = await bringLabUp(env["MILLRACE_CLUSTER_LAB"]);
    Object.assign(settings, {
      KUBECONFIG: lab.kubeconfig,
      MILLRACE_CLUSTER_HOST: lab.host,
      MILLRACE_CLUSTER_OWN: "yes",
    });
    say("the lab is up");
  }
  if (!env["MILLRACE_CLUSTER_IMAGE"]) Object.assign(settings, await buildAndLoad());
  process.exitCode = await runTests({ ...env, ...settings });
} finally {
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
}

/** Builds the image and gives it to the cluster; what the tests are to know of it. */
async function buildAndLoad(): Promise<Record<string, string>> {
  const version = JSON.parse(await run("cat", [join(CHECKOUT, "package.json")])).version;
  const { name, archive } = await buildImage(folder, `millrace:${version}`, env["MILLRACE_CLUSTER_NODE_IMAGE"]);
  say(`${name} is built`);
  const load = lab?.load ?? env["MILLRACE_CLUSTER_LOAD"]?.split(" ");
  if (load === undefined)
    throw new Error("set MILLRACE_CLUSTER_IMAGE to an image that the cluster can pull, or MILLRACE_CLUSTER_LOAD");
  await run(load[0]!, [...load.slice(1), archive], { withinMs: 300_000 });
  say("and the cluster has it");
  return { MILLRACE_CLUSTER_IMAGE: name, MILLRACE_CLUSTER_ARCHIVE: archive };
}

async function runTests(environment: NodeJS.ProcessEnv): Promise<number> {
  const vitest = join(CHECKOUT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", ...process.argv.slice(2), "--project", "cluster", "--disable-console-intercept"];
  const child = spawn(process.execPath, args, { cwd: CHECKOUT, stdio: "inherit", env: environment });
  const stop = () => child.kill("SIGTERM");
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
  const [code] = await once(child, "exit");
  return code ?? 1;
}

function say(line: string): void {
  process.stdout.write(`── ${(performance.now() / 1_000).toFixed(0)} s: ${line}\n`);
}
