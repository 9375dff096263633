import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** How a program is run. */
export type RunOptions = {
  /** What it reads. */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** How long it may take; 120 s unless given. */
  readonly withinMs?: number;
};

/** How a program ended, and what it wrote. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

const WITHIN_MS = 120_000;

/** Runs a program to its end, whichever that is. Rejects when it can not be started. */
export async function attempt(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input = "", cwd, env, withinMs = WITHIN_MS } = options;
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: withinMs,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, stdout, stderr };
}

/** Runs a program; gives what it wrote to standard output. Rejects with all that it wrote unless it ends with 0. */
export async function run(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`.slice(-8_000));
}
