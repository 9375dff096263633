/**
 * `npm run generate`: writes packages/api/src/gen from proto/. With `--check` it writes into a temporary folder instead,
 * and fails where the committed code differs.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatherProtoImports } from "./proto-imports.ts";
import { root, run } from "./step.ts";

const generated = "packages/api/src/gen";

gatherProtoImports();
if (process.argv.includes("--check")) {
  check();
} else {
  process.exitCode = run("buf", ["generate"]);
}

function check(): void {
  const fresh = mkdtempSync(join(tmpdir(), "millrace-gen-"));
  try {
    const status = run("buf", ["generate", "--output", fresh]);
    const outdated = status === 0 ? differing(join(fresh, generated), join(root, generated)) : [];
    for (const path of outdated) console.error(`${generated}/${path} is not what proto/ gives.`);
    if (outdated.length > 0) console.error("Run `npm run generate` and commit the result.");
    process.exitCode = status || (outdated.length > 0 ? 1 : 0);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

/** The paths of files that are in one folder only, or differ. */
function differing(fresh: string, committed: string): string[] {
  const paths = new Set([...filesOf(fresh), ...filesOf(committed)]);
  return [...paths].filter((path) => textOf(join(fresh, path)) !== textOf(join(committed, path))).toSorted();
}

function filesOf(folder: string): string[] {
  return globSync("**/*.ts", { cwd: folder });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  } catch {
    return undefined;
  }
}
