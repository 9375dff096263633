/**
 * What a person sees when the start can't be what was asked for: which variable or directory is at fault, and what to do.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { CHECKOUT, Child, environment, startMillrace } from "@millrace/harness";
import { describe, expect, it, onTestFinished } from "vitest";

const MAIN = join(CHECKOUT, "services/all-in-one/src/main.ts");

async function runToItsEnd(settings: Record<string, string>, ...args: string[]) {
  const directory = mkdtempSync(join(tmpdir(), "millrace-"));
  const env = { MILLRACE_DATA_DIR: directory, MILLRACE_PORT: "0", MILLRACE_ADMIN_PORT: "0", ...settings };
  const child = new Child(MAIN, args, { cwd: directory, env: environment(env) });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await child.exit;
    rmSync(directory, { recursive: true });
  });
  const { code } = await child.exit;
  return { code, stdout: child.stdout, output: `${child.stdout}${child.stderr}` };
}

async function occupiedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

describe("a start that can't be", () => {
  it.each(["MILLRACE_PORT", "MILLRACE_ADMIN_PORT"])("says that the port of %s is in use", async (variable) => {
    const port = await occupiedPort();
    const { code, output } = await runToItsEnd({ [variable]: port });
    expect(output).toContain(`${variable}: port ${port} on 127.0.0.1 is in use`);
    expect(output).not.toContain("Millrace is ready");
    expect(code).toBe(1);
  });

  it("names every wrong variable, its value, and what is allowed", async () => {
    const { code, output } = await runToItsEnd({
      MILLRACE_PORT: "eighty",
      MILLRACE_PARTITIONS: "0",
      MILLRACE_LOG_LEVEL: "loud",
      MILLRACE_REFLECTION: "maybe",
    });
    expect(output).toContain('MILLRACE_PORT: "eighty" is not allowed; it must be a whole number from 0 to 65535');
    expect(output).toMatch(/MILLRACE_PARTITIONS: "0" is not allowed; it must be a whole number from 1 to \d+/);
    expect(output).toContain('MILLRACE_LOG_LEVEL: "loud" is not allowed; it must be one of trace, debug, info');
    expect(output).toMatch(/MILLRACE_REFLECTION: "maybe" is not allowed; it must be \w+/);
    expect(code).toBe(1);
  });

  it("leaves a data directory to the process that has it", async () => {
    const first = await startMillrace();
    const { code, output } = await runToItsEnd({ MILLRACE_DATA_DIR: first.dataDirectory });
    expect(output).toContain("the data directory is in use by another process");
    expect(code).toBe(1);
    expect((await fetch(`${first.adminUrl}/readyz`)).status).toBe(200);
  });
});

describe("--help", () => {
  it("lists every variable with its default, and starts nothing", async () => {
    const { code, stdout } = await runToItsEnd({}, "--help");
    expect(stdout).toContain("MILLRACE_DATA_DIR  (.millrace)");
    expect(stdout).toContain("MILLRACE_PORT  (8080)");
    expect(stdout).toContain("MILLRACE_ADMIN_PORT  (9090)");
    expect(stdout).toMatch(/Must be a whole\s+number from 0 to 65535\./);
    expect(stdout).not.toContain("Millrace is ready");
    expect(code).toBe(0);
  });
});

describe("a variable that nobody knows", () => {
  it("is warned of, with the one that was probably meant", async () => {
    const { output } = await startMillrace({ env: { MILLRACE_LOG_LEVLE: "debug" } });
    expect(output).toContain(
      "MILLRACE_LOG_LEVLE is not a variable that is known here; did you mean MILLRACE_LOG_LEVEL?",
    );
  });
});

describe("a first start", () => {
  it("makes no project where none is wanted", async () => {
    const millrace = await startMillrace({ env: { MILLRACE_DEMO_PROJECT: "none" } });
    expect((await millrace.client(ProjectService).listProjects({})).projects).toEqual([]);
    expect(millrace.keys.projectKeys).toEqual({});
  });
});
