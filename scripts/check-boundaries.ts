/**
 * A part of `npm run lint`: fails with a sentence for each import that the architecture forbids. An argument names another
 * tree to look at.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { boundaryViolations } from "./boundary-rules.ts";

const root = process.argv[2] ?? join(import.meta.dirname, "..");
const patterns = ["{packages,services,test}/*/package.json", "{packages,services,test,scripts}/**/*.{ts,tsx}"];
const skipped = /node_modules|^packages\/api\/src\/gen|^(packages|services)\/[^/]+\/dist\//;
const paths = globSync(patterns, { cwd: root, exclude: (path) => path.includes("node_modules") })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => !skipped.test(path));
const violations = boundaryViolations(paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") })));
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(`\n${violations.length} imports or names are against the rules of docs/architecture.md.`);
  process.exitCode = 1;
}
