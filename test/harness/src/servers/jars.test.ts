import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bringJava } from "./jars.ts";

/** Stands for Maven: notes that it was called, and copies one jar. */
const MAVEN = `#!/bin/sh
for argument in "$@"; do case "$argument" in -DoutputDirectory=*) out="\${argument#*=}" ;; esac; done
echo called >> "$MAVEN_CALLS"
mkdir -p "$out" && echo jar > "$out/one.jar"
`;

let folder: string;
let pom: string;
let servers: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-jars-"));
  pom = join(folder, "pom.xml");
  servers = join(folder, "cache/millrace/servers");
  mkdirSync(join(folder, "bin"));
  writeFileSync(pom, "<project/>");
  writeMaven(MAVEN);
  vi.stubEnv("PATH", `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("MAVEN_CALLS", join(folder, "calls"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("brings the jars of a pom once, and again when the pom is another", async () => {
  const first = await bringJava(pom, folder);
  expect(first.jars.map((path) => basename(path))).toEqual(["one.jar"]);
  expect(await bringJava(pom, folder)).toEqual(first);
  expect(calls()).toBe(1);

  writeFileSync(pom, "<project></project>");
  const other = await bringJava(pom, folder);
  expect(other.jars).not.toEqual(first.jars);
  expect(calls()).toBe(2);
});

test("gives one complete folder to two who bring the same jars at once", async () => {
  const [one, other] = await Promise.all([bringJava(pom, folder), bringJava(pom, folder)]);
  expect(other).toEqual(one);
  expect(one.jars.every((path) => existsSync(path))).toBe(true);
  expect(readdirSync(servers)).toHaveLength(1);
});

test("leaves nothing that looks complete when the jars can not be brought, and says what Maven said", async () => {
  writeMaven(`${MAVEN}\necho no network\nexit 1\n`);
  await expect(bringJava(pom, folder)).rejects.toThrow("no network");
  expect(readdirSync(servers)).toEqual([]);
  writeMaven(MAVEN);
  expect((await bringJava(pom, folder)).jars).toHaveLength(1);
});

function writeMaven(script: string): void {
  writeFileSync(join(folder, "bin/mvn"), script, { mode: 0o755 });
}

function calls(): number {
  return readFileSync(join(folder, "calls"), "utf8").trim().split("\n").length;
}
