import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Where the compiled script lies. */
export const SCRIPT_FILE = join(ROOT, "dist/millrace.js");

/** The script for browsers, in UTF-8; undefined when it was not built. */
export function trackerScript(): Uint8Array | undefined {
  return modifiedMs(SCRIPT_FILE) === undefined ? undefined : readFileSync(SCRIPT_FILE);
}

/** Builds the script when it is missing or older than its sources; that takes less than a second. */
export async function ensureTrackerBuilt(): Promise<void> {
  const builtMs = modifiedMs(SCRIPT_FILE);
  if (builtMs !== undefined && builtMs >= sourcesModifiedMs()) return;
  const { buildTracker } = await import("../build.ts");
  await buildTracker();
}

function sourcesModifiedMs(): number {
  const sources = readdirSync(join(ROOT, "browser")).map((name) => join(ROOT, "browser", name));
  return Math.max(...[...sources, join(ROOT, "build.ts")].map((path) => modifiedMs(path) ?? 0));
}

function modifiedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
