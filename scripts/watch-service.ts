/**
 * Runs `node FILE ...` for an image of development: `node scripts/watch-service.ts services/ingest/src/main.ts`. A service is
 * started again whenever a source that it may import changes: one of any package, or of its own. Anything else runs once.
 *
 * Directories are watched, not files: whoever copies sources into a container replaces them (tar does), and `node --watch`
 * follows a replaced file only once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { globSync, readdirSync, statSync, watch } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

/** Files come one after the other: a restart waits until none has come for so long. */
const SETTLED_MS = 200;

/** A service that ends by itself is tried again after so long, or with the next change. */
const RETRY_MS = 5_000;

const root = join(import.meta.dirname, "..");
const command = process.argv.slice(2);
const service = /^services\/[^/]+/.exec(command[0] ?? "")?.[0];
const watched = new Set<string>();
let child: ChildProcess | undefined;
let timer: NodeJS.Timeout | undefined;
let isEnding = false;
let isRestarting = false;

if (service !== undefined) {
  for (const directory of globSync([`${service}/src`, "packages/*/src"], { cwd: root }))
    watchTree(join(root, directory));
}
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    isEnding = true;
    if (child === undefined) process.exit(0);
    child.kill(signal);
  });
}
start();

function start(): void {
  clearTimeout(timer);
  isRestarting = false;
  child = spawn(process.execPath, command, { cwd: root, stdio: "inherit" });
  child.on("exit", (code, signal) => {
    child = undefined;
    const status = code ?? 128 + constants.signals[signal!];
    if (isEnding || service === undefined) process.exit(status);
    if (isRestarting) start();
    else {
      console.error(
        `watch-service: ${command[0]} ended with ${status}; again in ${RETRY_MS / 1_000} s, or after a change`,
      );
      timer = setTimeout(start, RETRY_MS);
    }
  });
}

/** Watches a directory and all below it, those included that are made later. */
function watchTree(directory: string): void {
  if (watched.has(directory)) return;
  watched.add(directory);
  const watcher = watch(directory, (_, name) => {
    if (name !== null) watchIfDirectory(join(directory, name));
    restartSoon();
  });
  const forget = () => {
    watched.delete(directory);
    watcher.close();
  };
  watcher.on("error", forget);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) watchTree(join(directory, entry.name));
  }
}

function watchIfDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) watchTree(path);
  else watched.delete(path);
}

function restartSoon(): void {
  if (isEnding) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (child === undefined) start();
    else {
      isRestarting = true;
      child.kill("SIGTERM");
    }
  }, SETTLED_MS);
}
