/**
 * The clients that nobody here wrote, each brought from where its users get it: Python's packages, the Go module proxy,
 * the npm registry. What was brought once is kept in node_modules/.cache.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { CHECKOUT } from "@millrace/harness";

const CACHE = join(CHECKOUT, "node_modules/.cache/millrace-clients");
const INSTALL_MS_MAX = 900_000;
const LOOK_MS = 250;

const PYTHON_PACKAGES = ["grpcio==1.85.1", "grpcio-tools==1.85.1"];
const GO_TOOLS = ["github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.9", "github.com/bojand/ghz/cmd/ghz@v0.117.0"];

/** The versions of Node that the client promises to work in. */
export const NODE_MAJORS = [20, 22, 24] as const;

const execute = promisify(execFile);

/** The folder with `python`, which has grpcio. */
export async function pythonFolder(): Promise<string> {
  const folder = await once(`python-${PYTHON_PACKAGES.join("-")}`, async (target) => {
    const python = await commandOrDebian("python3", "python3-venv", ["-c", "import ensurepip, venv"]);
    await install(python, ["-m", "venv", target]);
    await install(join(target, "bin/python"), ["-m", "pip", "install", "--quiet", ...PYTHON_PACKAGES]);
  });
  return join(folder, "bin");
}

/** The folder with `grpcurl` and `ghz`. */
export function goFolder(): Promise<string> {
  return once(`go-${GO_TOOLS.map((tool) => tool.split("@")[1]).join("-")}`, async (target) => {
    const go = await commandOrDebian("go", "golang-go", ["version"]);
    for (const tool of GO_TOOLS) {
      // Without symbols: they double the time to link.
      await install(go, ["install", "-ldflags=-s -w", tool], { GOBIN: target, GOFLAGS: "-mod=mod" });
    }
  });
}

/** A Node of the given major version, as npm brings it for this platform. */
export async function nodeProgram(major: (typeof NODE_MAJORS)[number]): Promise<string> {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const folder = await once(`${name}-${major}`, async (target) => {
    await install("npm", ["install", "--prefix", target, "--no-audit", "--no-fund", `${name}@${major}`]);
  });
  return join(folder, "node_modules", name, "bin/node");
}

/**
 * Fills a folder of the cache, once, whoever else is at it; gives its path. What was left half done is done anew.
 */
async function once(name: string, fill: (target: string) => Promise<void>): Promise<string> {
  const target = join(CACHE, name.replaceAll(/[^\w.-]/g, "_"));
  const done = `${target}.done`;
  const lock = `${target}.lock`;
  mkdirSync(CACHE, { recursive: true });
  while (!existsSync(done)) {
    if (!take(lock)) {
      await setTimeout(LOOK_MS);
      continue;
    }
    try {
      if (existsSync(done)) break;
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      await fill(target);
      writeFileSync(done, "");
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return target;
}

/** Takes a lock, unless a process that lives holds it. */
function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (!isAlive(lock)) rmSync(lock, { force: true });
  return false;
}

function isAlive(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

/** A program that works; from Debian's packages where it is missing and may be installed; else an error that says how. */
async function commandOrDebian(command: string, debianPackage: string, probe: readonly string[]): Promise<string> {
  if (await works(command, probe)) return command;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    // Others may be installing something at this moment.
    const patient = ["-qq", "-o", "DPkg::Lock::Timeout=300"];
    await install("apt-get", [...patient, "update"], env);
    await install("apt-get", [...patient, "install", "-y", "--no-install-recommends", debianPackage], env);
    if (await works(command, probe)) return command;
  }
  throw new Error(`the tests of other clients need ${command}: sudo apt-get install ${debianPackage}`);
}

function works(command: string, probe: readonly string[]): Promise<boolean> {
  return execute(command, probe).then(
    () => true,
    () => false,
  );
}

async function install(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await execute(command, args, {
    env: { ...process.env, ...env },
    timeout: INSTALL_MS_MAX,
    maxBuffer: 64 * 1024 * 1024,
  });
}
