/** What every release ever put away is read, and gone on with, by this one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeInstallation } from "./src/description.ts";
import { type InstallationOptions, openInstallation } from "./src/installation.ts";
import { understand } from "./src/messages.ts";
import { readRecording, recordedReleases, unpackData } from "./src/recording.ts";

const releases = await recordedReleases();

/** An installation on the data of a release, at its moment. */
async function openData(release: string, nowMs: number, options: Partial<InstallationOptions> = {}) {
  const directory = await unpackData(release);
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const installation = await openInstallation({ directory, nowMs: () => nowMs, ...options });
  onTestFinished(() => installation.close());
  return installation;
}

describe.each(releases)("the data of %s", (release) => {
  it("answers every question as before", async () => {
    const { nowMs, half, key } = await readRecording(release);
    const installation = await openData(release, nowMs);
    const said = await describeInstallation(installation);
    expect(Object.keys(said.answers).length).toBeGreaterThan(20);
    expect(said).toMatchObject(half);
    expect(await installation.authenticate(key)).toMatchObject({ projectId: "shop", scopes: new Set([Scope.INGEST]) });
  });

  it("is gone on with: the rest of the log is folded to the same bytes", async () => {
    const { nowMs, whole } = await readRecording(release);
    const installation = await openData(release, nowMs);
    await installation.fold();
    expect(await describeInstallation(installation)).toMatchObject(whole);
  });

  it("is folded anew to the same bytes, from its log alone", async () => {
    const { nowMs, whole } = await readRecording(release);
    const cells = await mkdtemp(join(tmpdir(), "millrace-anew-"));
    onTestFinished(() => rm(cells, { recursive: true, force: true }));
    const installation = await openData(release, nowMs, { cells, group: "anew" });
    await installation.fold();
    const { blocks, answers } = await describeInstallation(installation);
    expect({ blocks, answers }).toEqual({ blocks: whole.blocks, answers: whole.answers });
  });

  it("takes new revisions, which are stamped with no older version of processing", async () => {
    const { nowMs, half } = await readRecording(release);
    const installation = await openData(release, nowMs);
    const before = half.definitions["shop"] as { processingVersion: number; revision: string };
    await installation.rollups.createRollup({ rollup: { projectId: "shop", name: "later", metrics: ["events"] } });
    const after = await installation.snapshot.definitionsAt("shop", Number(before.revision) + 1);
    expect(after.processingVersion).toBeGreaterThanOrEqual(before.processingVersion);
  });
});

describe.each(releases)("what %s said to others, or left in servers,", (release) => {
  it("is understood", async () => {
    const { messages } = await readRecording(release);
    expect(Object.keys(messages).length).toBeGreaterThan(5);
    const understood = Object.entries(messages).map(([name, message]) => [name, understand(name, message)]);
    expect(Object.fromEntries(understood)).toMatchObject(
      Object.fromEntries(Object.entries(messages).map(([name, { says }]) => [name, says])),
    );
  });
});
