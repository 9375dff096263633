import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "./server.ts";

let server: TestServer;
let scripts: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startServer();
  const folder = join(server.directory, "scripts");
  mkdirSync(folder);
  const made: Record<string, string> = {};
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout, code } = await server.run(["completion", shell]);
    expect(code).toBe(0);
    made[shell] = join(folder, shell);
    writeFileSync(made[shell], stdout);
  }
  scripts = made;
}, 60_000);
afterAll(() => server.close());

/** What a shell prints. */
function shell(program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, MILLRACE_DATA_DIR: server.directory, XDG_CONFIG_HOME: server.directory };
  return new Promise((resolve, reject) => {
    execFile(program, args, { env, cwd: server.directory }, (error, stdout, stderr) => {
      if (error === null && stderr === "") resolve(stdout.trim());
      else reject(new Error(`${program}: ${error?.message ?? ""}\n${stderr}`));
    });
  });
}

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** What bash would offer for words, as it breaks them. */
async function bash(...words: string[]): Promise<string[]> {
  const script = `
    source ${scripts["bash"]}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await shell("bash", ["--norc", "-c", script, "bash", "millrace", ...words])).split("\n");
}

describe("completion in bash", () => {
  it("offers commands, flags and their values", async () => {
    expect(await shell("bash", ["--norc", "-c", `source ${scripts["bash"]}; complete -p millrace`])).toContain(
      "_millrace",
    );
    expect(await bash("st")).toEqual(["status"]);
    expect(await bash("query", "x", "--every", "1")).toEqual(["1m", "15m", "1h", "1d"]);
    expect(await bash("query", "x", "--every", "=", "1h")).toEqual(["1h"]);
    expect(await bash("query", "x", "--every", "=")).toContain("week");
  });

  it("offers files where a file is wanted, whatever is in their names", async () => {
    writeFileSync(join(server.directory, "two words.csv"), "");
    expect(await bash("send", "--file", "two")).toEqual(["two words.csv"]);
  });

  it("asks the server for names", async () => {
    // A machine that has too much to do may be too slow for a shell, which then offers nothing.
    await expect.poll(() => bash("query", "page_v"), { timeout: 15_000 }).toEqual(["page_views"]);
    await expect.poll(() => bash("status", "--project", "d"), { timeout: 15_000 }).toEqual(["demo"]);
  });

  it("offers nothing, in silence, when the server is away", async () => {
    expect(await bash("query", "--url", "http://127.0.0.1:1", "--key", "k", "page_v")).toEqual([""]);
  });
});

describe("completion in other shells", () => {
  it("works in those that are installed", async () => {
    if (isInstalled("fish")) {
      const script = `source ${scripts["fish"]}; complete --do-complete 'millrace context us'`;
      expect(await shell("fish", ["--no-config", "-c", script])).toMatch(/^use\t/);
    }
    if (isInstalled("zsh")) {
      const script = `
        compdef() { :; }
        _describe() { print -l -- "\${(@P)2}"; }
        source ${scripts["zsh"]}
        words=(millrace context us); CURRENT=3; _millrace`;
      expect(await shell("zsh", ["-f", "-c", script])).toMatch(/^use:Choose/);
    }
  });
});
