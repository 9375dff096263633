#!/usr/bin/env node
// The command line is TypeScript that Node 24 runs as it is. Where an older Node was found first, the one that npm
// installed with the project takes over.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, "../src/main.ts");
if (Number(process.versions.node.split(".")[0]) >= 24) await import(main);
else {
  const bundled = join(here, "../../../node_modules/.bin/node");
  if (!existsSync(bundled)) {
    process.stderr.write(`millrace needs Node 24; this is ${process.version}. Run npm ci, which brings it.\n`);
    process.exit(1);
  }
  const { status } = spawnSync(bundled, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(status ?? 1);
}
