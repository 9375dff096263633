/** `npm run bench [-- NAME ... | --list | --json]`: measures, and says which goals are reached. */
import { fork } from "node:child_process";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Figure } from "./bench.ts";
import { BENCHES } from "./names.ts";
import { describeMachine, formatTable } from "./table.ts";

/** What became of one bench. */
export type Report = {
  readonly name: string;
  readonly about: string;
  /** The load average of the last minute, before and after: what others do on the machine shows in the figures. */
  readonly load: readonly [before: number, after: number];
  readonly seconds: number;
  readonly figures: readonly Figure[];
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "boolean" }, json: { type: "boolean" } },
});

if (values.list === true) {
  for (const [name, load] of Object.entries(BENCHES)) console.log(`${name.padEnd(16)} ${(await load()).bench.about}`);
} else {
  const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown === undefined) await runAll(positionals.length > 0 ? positionals : Object.keys(BENCHES));
  else fail(`There is no bench "${unknown}". There are: ${Object.keys(BENCHES).join(", ")}.`);
}

async function runAll(names: readonly string[]): Promise<void> {
  const reports: Report[] = [];
  if (values.json !== true) console.log(describeMachine());
  for (const name of names) {
    try {
      const report = await runOne(name);
      reports.push(report);
      if (values.json !== true) console.log(`\n${formatTable(report)}`);
    } catch (error) {
      fail(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (values.json === true) console.log(JSON.stringify({ machine: describeMachine(), reports }, undefined, 2));
}

/** Runs a bench in a process of its own: what one has compiled or left in memory must not bear on the next. */
async function runOne(name: string): Promise<Report> {
  const before = loadavg()[0]!;
  const began = performance.now();
  const child = fork(new URL("./run-bench.ts", import.meta.url), [name], { execArgv: ["--expose-gc"] });
  let result: { about: string; figures: readonly Figure[] } | undefined;
  child.on("message", (message) => {
    result = message as typeof result;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (result === undefined) throw new Error(`the bench ended with code ${code} and gave no figures`);
  const seconds = (performance.now() - began) / 1000;
  return { name, ...result, load: [before, loadavg()[0]!], seconds };
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
