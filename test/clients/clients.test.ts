/**
 * Clients that nobody here wrote do what the guide says they do: its code is run as it stands, against a fresh server, and
 * what was sent is counted to the event.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { CHECKOUT, environment, type Millrace, startMillrace } from "@millrace/harness";
import { describe, expect, it, onTestFinished } from "vitest";
import { readGuide } from "./src/guide.ts";
import { goFolder, pythonFolder } from "./src/tools.ts";

const INSTALLED_WITHIN_MS = 900_000;
const STEP_MS_MAX = 120_000;
const PROJECT = "guide";

/** A server with a project for web pages; gives it and a key that may send and ask. */
async function startWithProject(): Promise<{ millrace: Millrace; key: string }> {
  const millrace = await startMillrace();
  await millrace.client(ProjectService).createProject({ project: { projectId: PROJECT, template: Template.WEB } });
  const apiKey = { projectId: PROJECT, displayName: "guide", scopes: [Scope.INGEST, Scope.REPORT] };
  return { millrace, key: (await millrace.client(ApiKeyService).createApiKey({ apiKey })).text };
}

/** Does what a section of the guide says; each block prints what the guide says that it prints. */
async function follow(heading: string, millrace: Millrace, key: string, programs?: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-clients-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  // The guide is followed in a clone, where the protos are; it leaves files, which a clone should not get.
  for (const name of ["proto", "node_modules"]) symlinkSync(join(CHECKOUT, name), join(directory, name));
  const env = environment({
    PATH: [programs, process.env["PATH"]].filter(Boolean).join(delimiter),
    URL: millrace.url,
    HOST: new URL(millrace.url).host,
    KEY: key,
  });
  const steps = readGuide(heading);
  expect(steps.some(({ kind }) => kind === "shell")).toBe(true);
  for (const step of steps) {
    if (step.kind === "file") {
      writeFileSync(join(directory, step.name), step.text);
      continue;
    }
    const output = await runShell(step.script, directory, env);
    let rest = output.replaceAll(/[ \t]+/g, " ");
    for (const wanted of step.expected) {
      expect(rest, `${step.script}\n── printed\n${output}`).toContain(wanted);
      rest = rest.slice(rest.indexOf(wanted) + wanted.length);
    }
  }
}

async function runShell(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const options = { cwd, env, timeout: STEP_MS_MAX, maxBuffer: 16 * 1024 * 1024 };
  try {
    return (await promisify(execFile)("bash", ["-c", `exec 2>&1\nset -euo pipefail\n${script}`], options)).stdout;
  } catch (error) {
    const { stdout = "", code } = error as { stdout?: string; code?: number };
    throw new Error(`exit code ${code}\n${script}\n── printed\n${stdout}`, { cause: error });
  }
}

/** The accounts of the project once everything that was accepted is counted. */
async function counted(millrace: Millrace, accepted: number) {
  const balance = await millrace.untilCounted(PROJECT, accepted);
  return { accepted: Number(balance.acceptedCount), folded: Number(balance.foldedCount) };
}

describe("docs/clients.md", () => {
  it("shows how curl sends, streams, asks and watches", async () => {
    const { millrace, key } = await startWithProject();
    await follow("curl", millrace, key);
    expect(await counted(millrace, 105)).toEqual({ accepted: 105, folded: 105 });
  });

  it("shows how Python sends, streams, asks and watches, by grpcio and the code that it generates", {
    timeout: INSTALLED_WITHIN_MS,
  }, async () => {
    const programs = await pythonFolder();
    const { millrace, key } = await startWithProject();
    await follow("Python", millrace, key, programs);
    expect(await counted(millrace, 10_101)).toEqual({ accepted: 10_101, folded: 10_101 });
  });

  it("shows how Go's grpcurl sends, streams, asks and watches, and ghz sends much", {
    timeout: INSTALLED_WITHIN_MS,
  }, async () => {
    const programs = await goFolder();
    const { millrace, key } = await startWithProject();
    await follow("Go", millrace, key, programs);
    expect(await counted(millrace, 2_103)).toEqual({ accepted: 2_103, folded: 2_103 });
  });
});
