import { accessSync, constants, existsSync, globSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runProgram } from "./programs.ts";

/** What brings all that servers of the tests are made of. */
export const LINE_TO_TYPE =
  "sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless maven redis-server";

/** Another apt-get may run: this one waits for it, in seconds. */
const APT_LOCK_SECONDS = 300;

/** Where Java 17 is looked for when JAVA_HOME is none. Later ones do not run Cassandra 5.0. */
const JAVA_HOMES = ["/usr/lib/jvm/*17*", "/Library/Java/JavaVirtualMachines/*17*/Contents/Home"];

let installing: Promise<unknown> = Promise.resolve();

/** Whether a program is on the path. */
export function hasProgram(name: string): boolean {
  return onPath(name) !== undefined;
}

/** Whether there is a Java 17. */
export function hasJava17(): boolean {
  return java17() !== undefined;
}

/** Whether this process may install what is missing. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && hasProgram("apt-get");
}

/** The path of a program of this machine; installed from its Debian package where it is missing. */
export function findProgram(name: string, debianPackage: string, log: string): Promise<string> {
  return findOrInstall(() => onPath(name), debianPackage, log);
}

/** The path of `java` of Java 17; installed where it is missing. */
export function findJava17(log: string): Promise<string> {
  return findOrInstall(java17, "openjdk-17-jre-headless", log);
}

/** Looks for a thing, and installs what brings it if this process may. Fails with the line to type otherwise. */
async function findOrInstall(find: () => string | undefined, debianPackage: string, log: string): Promise<string> {
  const found = find();
  if (found !== undefined) return found;
  // One after the other: the package system has one lock.
  const installed = installing.then(() => (find() === undefined ? install(debianPackage, log) : undefined));
  installing = installed.catch(() => {});
  await installed;
  const path = find();
  if (path === undefined) throw new Error(`${debianPackage} is needed. Type: ${lineFor(debianPackage)}`);
  return path;
}

async function install(debianPackage: string, log: string): Promise<void> {
  const aptGet = onPath("apt-get");
  if (aptGet === undefined || process.getuid?.() !== 0) return;
  process.stderr.write(`Installing ${debianPackage} for the tests: apt-get install ${debianPackage}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const wait = ["-o", `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`];
  const run = (...args: string[]) =>
    runProgram({ command: aptGet, args: [...wait, ...args], log, env, isLeftToEnd: true });
  try {
    await run("update", "-qq");
    await run("install", "-y", "-qq", "--no-install-recommends", debianPackage);
  } catch (cause) {
    throw new Error(`${debianPackage} could not be installed (see ${log}). Type: ${lineFor(debianPackage)}`, { cause });
  }
}

/** Whoever needs one of the servers needs the others next. */
function lineFor(debianPackage: string): string {
  return LINE_TO_TYPE.includes(debianPackage)
    ? LINE_TO_TYPE
    : `sudo apt-get install -y --no-install-recommends ${debianPackage}`;
}

function onPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function java17(): string | undefined {
  const home = process.env["JAVA_HOME"];
  const homes = [...(home !== undefined && isHomeOf17(home) ? [home] : []), ...globSync(JAVA_HOMES)];
  return homes.map((folder) => join(folder, "bin/java")).find(isExecutable);
}

/** A Java says what it is in the file `release` of its home. */
function isHomeOf17(home: string): boolean {
  const release = join(home, "release");
  return existsSync(release) && /^JAVA_VERSION="17\b/m.test(readFileSync(release, "utf8"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
