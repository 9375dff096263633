/** Runs the steps of `npm test` and `npm run check`, one after the other, each with its name and its time. */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

/** The root of the repository. */
export const root = join(import.meta.dirname, "..");

/** One step: a name for people, and the command with its arguments. */
export type Step = readonly [name: string, command: string, ...args: string[]];

/** Runs a command of node_modules/.bin (or of the system) in the root, its output shown; gives its exit code. */
export function run(command: string, args: readonly string[]): number {
  const path = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const program = command === "node" ? process.execPath : command;
  const isShellNeeded = process.platform === "win32" && command !== "node";
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path }, shell: isShellNeeded } as const;
  const { status, error } = spawnSync(program, args, options);
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** Runs a step and prints how it went; ends the process at a failure. */
export function runStep([name, command, ...args]: Step): void {
  console.log(`\n── ${name}`);
  const startMs = performance.now();
  const status = run(command, args);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  console.log(`── ${name}: ${status === 0 ? "ok" : "failed"}, ${seconds} s`);
  if (status !== 0) process.exit(status);
}

/** What both commands look at before any test runs. */
export const checks: readonly Step[] = [
  ["types", "tsc", "--noEmit"],
  ["types of the page", "tsc", "--noEmit", "-p", "services/dashboard/web"],
  ["types of the tracker", "tsc", "--noEmit", "-p", "packages/tracker/browser"],
  ["lint", "biome", "check", "--error-on-warnings", "."],
  ["boundaries", "node", "scripts/check-boundaries.ts"],
  ["generated code", "node", "scripts/generate.ts", "--check"],
];
