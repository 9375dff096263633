/** The release before this one, as a checkout whose services can be started beside the present ones. */
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CHECKOUT } from "@millrace/harness";
import { keptFolder } from "@millrace/harness/tools";

/** A release, and the commit that it was made of. */
export type Release = { readonly name: string; readonly commit: string };

/** Where releases are written down, since tags do not always travel with a branch. */
const RELEASES = "docs/releases.json";
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const INSTALL_MS_MAX = 600_000;
const execute = promisify(execFile);

/**
 * The last release before the commit that is checked out: its last tag, or else the last one of docs/releases.json.
 *
 * @throws Error with what to type, where its commit is not in this clone
 */
export async function lastRelease(repository = CHECKOUT): Promise<Release> {
  const release = (await lastTag(repository)) ?? (await lastWrittenDown(repository));
  const found = await git(repository, "cat-file", "-e", `${release.commit}^{commit}`).catch(() => undefined);
  if (found !== undefined) return release;
  const isShallow = await git(repository, "rev-parse", "--is-shallow-repository").catch(() => "");
  if (isShallow === "") {
    throw new Error(`${repository} is no clone: services of ${release.name} can only be had from one; type: git clone`);
  }
  const fetch = isShallow === "true" ? "git fetch --unshallow --tags" : "git fetch --tags";
  throw new Error(`${release.name} (${release.commit}) is not in this clone; type: ${fetch}`);
}

/** A checkout of a release with what its services need. Made once, in the user's cache. */
export function checkoutOf({ name, commit }: Release): Promise<string> {
  return keptFolder(`millrace-${name}-${commit.slice(0, 12)}`, async (folder) => {
    const archive = join(folder, "release.tar");
    await git(CHECKOUT, "archive", "--format=tar", `--output=${archive}`, commit);
    await execute("tar", ["-xf", archive, "-C", folder]);
    await rm(archive);
    await execute("npm", ["ci", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund"], {
      cwd: folder,
      timeout: INSTALL_MS_MAX,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
  });
}

/** The tag that is nearest before the commit that is checked out, which may have one itself. */
async function lastTag(repository: string): Promise<Release | undefined> {
  try {
    const name = await git(repository, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^");
    return { name, commit: await git(repository, "rev-list", "-n", "1", name) };
  } catch {
    // No tag, no parent, or no clone at all: what is written down counts.
    return undefined;
  }
}

async function lastWrittenDown(repository: string): Promise<Release> {
  const releases: Release[] = JSON.parse(await readFile(join(repository, RELEASES), "utf8"));
  const head = await git(repository, "rev-parse", "HEAD").catch(() => "");
  const last = releases.findLast(({ commit }) => commit !== head);
  if (last === undefined) throw new Error(`${RELEASES} names no release before this commit`);
  return last;
}

async function git(repository: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute("git", ["-C", repository, ...args], { maxBuffer: OUTPUT_BYTES_MAX });
  return stdout.trim();
}
