import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ABANDONED_AFTER_MS = 3_600_000;
const BRING_MS_MAX = 900_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const execute = promisify(execFile);
const coming = new Map<string, Promise<string>>();

/**
 * The path of a folder of the user's cache, filled by `fill` where it is missing. `name` holds the version of what is in
 * it. Several processes may ask at once: each fills a folder of its own, and the first to be done gives it the name.
 */
export function keptFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const known = coming.get(name);
  if (known !== undefined) return known;
  const folder = join(cacheFolder(), name);
  const filled = existsSync(folder) ? Promise.resolve(folder) : fillAndPublish(folder, fill);
  coming.set(name, filled);
  // What failed once, such as for want of a network, may be asked for again.
  filled.catch(() => coming.delete(name));
  return filled;
}

/** Runs what brings a tool; throws with what it wrote, unless it exits with 0. */
export async function bringBy(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  await execute(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    timeout: BRING_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
}

/** A log for Debian's package system, which the error of an installation names. */
export function installationLog(): string {
  mkdirSync(cacheFolder(), { recursive: true });
  return join(cacheFolder(), "install.log");
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "millrace", "tools");
}

async function fillAndPublish(folder: string, fill: (folder: string) => Promise<void>): Promise<string> {
  mkdirSync(cacheFolder(), { recursive: true });
  removeAbandoned();
  const filling = mkdtempSync(join(cacheFolder(), "filling-"));
  try {
    await fill(filling);
    publish(filling, folder);
  } finally {
    rmSync(filling, { recursive: true, force: true });
  }
  return folder;
}

/** Gives what was filled its name, unless another process was faster. */
function publish(filled: string, folder: string): void {
  try {
    renameSync(filled, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** Removes what processes that were killed while they filled a folder have left. */
function removeAbandoned(): void {
  for (const path of globSync(join(cacheFolder(), "filling-*"))) {
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { recursive: true, force: true });
  }
}
