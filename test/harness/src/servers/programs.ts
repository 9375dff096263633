import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";

const SHOWN_CHARACTERS = 3_000;

/** A command line, and the file that takes all that it writes. */
export type CommandLine = {
  readonly command: string;
  readonly args: readonly string[];
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
  /** True: it comes to its end even when all others are killed, since half done it would harm the machine. */
  readonly isLeftToEnd?: boolean;
};

/** A program that was started here. */
export type Program = {
  /** Resolves to how it ended, such as "exit code 1"; never rejects. */
  readonly ended: Promise<string>;
  readonly isRunning: () => boolean;
  readonly signal: (signal: NodeJS.Signals) => void;
};

const running = new Set<ChildProcess>();
const leftToEnd = new Set<ChildProcess>();
let isOver = false;

/** Starts a program. What it writes goes to the end of its log. */
export function startProgram({ command, args, log, env = process.env, isLeftToEnd = false }: CommandLine): Program {
  if (isOver) throw new Error("the servers are being stopped");
  const file = openSync(log, "a");
  const child = spawn(command, args, { stdio: ["ignore", file, file], env });
  closeSync(file);
  running.add(child);
  if (isLeftToEnd) leftToEnd.add(child);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`no start: ${error.message}`));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).finally(() => running.delete(child));
  return { ended, isRunning: () => running.has(child), signal: (signal) => void child.kill(signal) };
}

/** Runs a program to its end. Throws with the end of its log unless it exits with 0. */
export async function runProgram(line: CommandLine): Promise<void> {
  const end = await startProgram(line).ended;
  if (end !== "exit code 0") throw new Error(`${line.command} ended: ${end}. ${endOfLog(line.log)}`);
}

/** Kills every program that still runs, and lets none start any more. Resolves when all are gone. */
export async function killPrograms(): Promise<void> {
  isOver = true;
  const children = [...running].filter(
    (child) => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
  );
  const exits = children.map((child) => once(child, "exit"));
  for (const child of children) if (!leftToEnd.has(child)) child.kill("SIGKILL");
  await Promise.all(exits);
}

/** Where the log is and what was written last, for an error. */
export function endOfLog(log: string): string {
  return `Its log, ${log}, ends:\n${readFileSync(log, "utf8").slice(-SHOWN_CHARACTERS)}`;
}
