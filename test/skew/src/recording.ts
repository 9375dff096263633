/** What a release put away for those after it: a data directory, and what it said of it. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { createApiKey } from "@millrace/credential";
import { type Description, describeInstallation } from "./description.ts";
import { makeProjects, sendEvents } from "./history.ts";
import { openInstallation } from "./installation.ts";
import { type Kept, recordKept } from "./kept-by-servers.ts";
import { type Messages, recordMessages } from "./messages.ts";

const GOLDEN = join(import.meta.dirname, "../golden");
const DATA = "data.tar.gz";
const SAID = "said.json";
const KEPT = "kept-by-servers.json";
const MINUTE_MS = 60_000;
const execute = promisify(execFile);

/** What a release said. */
export type Recording = {
  /** The release, such as "v0.1.0". */
  readonly release: string;
  /** The present of all that is in the directory, in epoch milliseconds. */
  readonly nowMs: number;
  /** An API key that is known in it, by its text. */
  readonly key: string;
  /** What it said when half of the log was folded, as it lies in the directory; and once it had folded the rest. */
  readonly half: Description;
  readonly whole: Description;
  readonly messages: Messages;
};

/** The releases that there are recordings of. */
export async function recordedReleases(): Promise<readonly string[]> {
  return (await readdir(GOLDEN)).filter((name) => name.startsWith("v")).toSorted();
}

/** What a release said. */
export async function readRecording(release: string): Promise<Recording> {
  return JSON.parse(await readFile(join(GOLDEN, release, SAID), "utf8"));
}

/** What a release left in servers. */
export async function readKept(release: string): Promise<Kept> {
  return JSON.parse(await readFile(join(GOLDEN, release, KEPT), "utf8"));
}

/** Unpacks the data directory of a release into a new directory; the caller removes it. */
export async function unpackData(release: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-golden-"));
  await execute("tar", ["-xzf", join(GOLDEN, release, DATA), "-C", directory]);
  return directory;
}

/** Records what this checkout does as what a release does. Never over a recording that is there. */
export async function record(release: string): Promise<void> {
  const folder = join(GOLDEN, release);
  if (existsSync(folder)) throw new Error(`what ${release} said is recorded already, and stays as it is`);
  const scratch = await mkdtemp(join(tmpdir(), "millrace-record-"));
  try {
    const said = await live(join(scratch, "data"), join(scratch, "whole"));
    const kept = await recordKept();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, SAID), `${JSON.stringify({ release, ...said }, undefined, 1)}\n`);
    await writeFile(join(folder, KEPT), `${JSON.stringify(kept, undefined, 1)}\n`);
    // Without names and times of whoever packs.
    const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    await execute("tar", [...plain, "-czf", join(folder, DATA), "-C", join(scratch, "data"), "."]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Lives through the history in a directory: half of it folded, the rest in the log. The rest is folded in a copy. */
async function live(directory: string, copy: string): Promise<Omit<Recording, "release">> {
  let nowMs = Date.UTC(2026, 0, 15, 12, 34, 56);
  await mkdir(directory, { recursive: true });
  const first = await openInstallation({ directory, nowMs: () => nowMs });
  await makeProjects(first);
  const key = createApiKey(randomBytes).text;
  await first.bootstrap.ensureKey(key, { projectId: "shop", displayName: "golden", scopes: [Scope.INGEST] });
  await sendEvents(first, nowMs, 1);
  await first.fold();
  nowMs += 3 * MINUTE_MS;
  await sendEvents(first, nowMs, 2);
  const half = await describeInstallation(first);
  await first.close();
  await cp(directory, copy, { recursive: true });
  const second = await openInstallation({ directory: copy, nowMs: () => nowMs });
  await second.fold();
  const whole = await describeInstallation(second);
  await second.close();
  return { nowMs, key, half, whole, messages: recordMessages() };
}
