import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { expect, it, onTestFinished } from "vitest";
import { recordedReleases } from "./src/recording.ts";
import { lastRelease } from "./src/releases.ts";

const WHO = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];

/** A folder that goes with the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "millrace-releases-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function git(path: string, ...args: string[]): string {
  return execFileSync("git", ["-C", path, ...WHO, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
}

/** A repository with three commits, the first of which is written down as v1.0.0; gives the commits too. */
function repository(): { path: string; commits: string[] } {
  const path = folder();
  git(path, "init", "-q", "-b", "main");
  const commits: string[] = [];
  for (const name of ["one", "two", "three"]) {
    mkdirSync(join(path, "docs"), { recursive: true });
    const releases = commits.slice(0, 1).map((commit) => ({ name: "v1.0.0", commit }));
    writeFileSync(join(path, "docs/releases.json"), JSON.stringify(releases));
    git(path, "add", ".");
    git(path, "commit", "-q", "--allow-empty", "-m", name);
    commits.push(git(path, "rev-parse", "HEAD"));
  }
  return { path, commits };
}

it("the last release is the last tag before the commit that is checked out", async () => {
  const { path, commits } = repository();
  git(path, "tag", "-a", "v1.1.0", "-m", "1.1.0", commits[1]!);
  expect(await lastRelease(path)).toEqual({ name: "v1.1.0", commit: commits[1] });
  git(path, "tag", "-a", "v1.2.0", "-m", "1.2.0");
  expect(await lastRelease(path)).toEqual({ name: "v1.1.0", commit: commits[1] });
});

it("the last release is the one that is written down, where tags did not come with the branch", async () => {
  const { path, commits } = repository();
  expect(await lastRelease(path)).toEqual({ name: "v1.0.0", commit: commits[0] });
});

it("a clone that lacks the release says what to type", async () => {
  const { path } = repository();
  const shallow = folder();
  execFileSync("git", ["clone", "-q", "--depth", "1", `file://${path}`, shallow], { stdio: "pipe" });
  await expect(lastRelease(shallow)).rejects.toThrow(
    /v1\.0\.0 .*is not in this clone; type: git fetch --unshallow --tags$/,
  );
});

it("what is no clone says that it has to be one", async () => {
  const path = folder();
  mkdirSync(join(path, "docs"));
  writeFileSync(join(path, "docs/releases.json"), JSON.stringify([{ name: "v1.0.0", commit: "0".repeat(40) }]));
  await expect(lastRelease(path)).rejects.toThrow(/is no clone.*type: git clone$/);
});

it("every release that is written down has put its data away for those after it", async () => {
  const releases = JSON.parse(readFileSync(join(CHECKOUT, "docs/releases.json"), "utf8")) as { name: string }[];
  expect(await recordedReleases()).toEqual(expect.arrayContaining(releases.map(({ name }) => name)));
});
