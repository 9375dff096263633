import { spawnSync } from "node:child_process";
import { root } from "../step.ts";

/** A program that `npm run kind` ran ended with an error, which it has printed itself. */
export class CommandFailed extends Error {}

/** A program runs in the root of the repository, its output shown; what it cannot do ends everything. */
export function run(program: string, args: readonly string[], input?: string): void {
  process.stdout.write(`\n$ ${[program, ...args].join(" ")}\n`);
  const stdin = input === undefined ? "ignore" : "pipe";
  const { status, error } = spawnSync(program, args, { cwd: root, input, stdio: [stdin, "inherit", "inherit"] });
  if (status === null) throw new Error(`${program} cannot be run: ${error?.message ?? "it was ended by a signal"}`);
  if (status !== 0) throw new CommandFailed(`npm run kind: this failed: ${program} ${args.join(" ")}`);
}

/** What a program prints; `undefined` where it fails or is missing. Nothing is shown. */
export function answerOf(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trim() : undefined;
}
