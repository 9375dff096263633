import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const BIN = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-cache-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs `millrace --version` at somebody's home; gives what is in the system's directory for temporary files then. */
function run(settings: Record<string, string>): string[] {
  const temporary = temporaryDirectory();
  const { PATH = "" } = process.env;
  const { status } = spawnSync(process.execPath, [BIN, "--version"], { env: { PATH, TMPDIR: temporary, ...settings } });
  expect(status).toBe(0);
  return readdirSync(temporary);
}

it("keeps what was compiled in the user's own cache", () => {
  const [home, cache] = [temporaryDirectory(), temporaryDirectory()];
  expect(run({ HOME: home })).toEqual([]);
  expect(readdirSync(join(home, ".cache/millrace"))).not.toEqual([]);
  expect(statSync(join(home, ".cache/millrace")).mode & 0o777).toBe(0o700);
  run({ HOME: home, XDG_CACHE_HOME: cache });
  expect(readdirSync(join(cache, "millrace"))).not.toEqual([]);
});

it("keeps nothing where there is no home", () => {
  const home = join(temporaryDirectory(), "nobody");
  expect(run({ HOME: home })).toEqual([]);
  expect(existsSync(home)).toBe(false);
});

it("runs nothing from a cache that others can write", () => {
  const home = temporaryDirectory();
  const cache = join(home, ".cache/millrace");
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o777);
  expect(run({ HOME: home })).toEqual([]);
  expect(readdirSync(cache)).toEqual([]);
});
