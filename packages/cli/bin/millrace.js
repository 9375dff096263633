#!/usr/bin/env node
// The command line is TypeScript that Node 24 runs as it is. Where an older Node was found first, the one that npm
// installed with the project takes over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory } from "./cache-directory.js";

const here = dirname(fileURLToPath(import.meta.url));
if (Number(process.versions.node.split(".")[0]) >= 24) {
  // What was read once starts in half the time.
  const directory = cacheDirectory(process.env, process.getuid?.());
  if (directory !== undefined) nodeModule.enableCompileCache(directory);
  await import(join(here, "../src/main.ts"));
} else {
  const bundled = join(here, "../../../node_modules/.bin/node");
  if (!existsSync(bundled)) {
    process.stderr.write(`millrace needs Node 24; this is ${process.version}. Run npm ci, which brings it.\n`);
    process.exit(1);
  }
  // As it was called, so that the other Node knows too what to call it by.
  const child = spawn(bundled, process.argv.slice(1), { stdio: "inherit" });
  // Ctrl-C reaches both; whoever is in front must not end before the terminal is tidy again.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
