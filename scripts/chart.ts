/**
 * Makes values.schema.json and the tables of README.md of the charts: `npm run chart`. With `--check` nothing is written, and
 * files that are not current are named.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { madeFiles } from "./chart/made-files.ts";

const isCheck = process.argv.includes("--check");
for (const { path, content } of madeFiles()) {
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (before === content) continue;
  const name = relative(process.cwd(), path);
  if (isCheck) {
    console.error(`${name} is not current: npm run chart`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, content);
    console.log(`${name} was made anew`);
  }
}
