/**
 * Fails where proto/ breaks what clients of an earlier revision rely on: the revision where this branch left main, or on
 * main itself the one before. Skipped, with a sentence, only where there is no such revision at hand.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatherProtoImports } from "./proto-imports.ts";
import { root, run } from "./step.ts";

const base = baseRevision();
if (base === undefined || git("cat-file", "-t", `${base}:proto`) === undefined) {
  console.log("Skipped: there is no earlier revision of proto/ in this clone to compare with.");
} else {
  gatherProtoImports();
  process.exitCode = compareWith(base);
}

function compareWith(revision: string): number {
  const earlier = mkdtempSync(join(tmpdir(), "millrace-proto-"));
  try {
    const archive = execFileSync("git", ["archive", revision, "proto", "buf.yaml"], { cwd: root, maxBuffer: 2 ** 27 });
    execFileSync("tar", ["-x", "-C", earlier], { input: archive });
    // What others own is the same in both: it comes with the packages that are installed now.
    mkdirSync(join(earlier, "node_modules"));
    symlinkSync(join(root, "node_modules/.proto-imports"), join(earlier, "node_modules/.proto-imports"), "junction");
    console.log(`Comparing with ${revision.slice(0, 12)}.`);
    return run("buf", ["breaking", "--against", earlier]);
  } finally {
    rmSync(earlier, { recursive: true });
  }
}

function baseRevision(): string | undefined {
  const head = git("rev-parse", "HEAD");
  const main = ["origin/main", "main"].find((name) => git("rev-parse", "--verify", "--quiet", name) !== undefined);
  if (head === undefined || main === undefined) return undefined;
  const fork = git("merge-base", main, "HEAD");
  const isChanged = git("status", "--porcelain", "--", "proto") !== "";
  return fork !== head || isChanged ? fork : git("rev-parse", "--verify", "--quiet", "HEAD^");
}

/** What git prints; `undefined` where it fails or is not installed. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
