/**
 * The clients that nobody here wrote, each brought from where its users get it: Python's packages, the Go module proxy,
 * the npm registry. What was brought once is kept in the user's cache.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { bringBy, keptFolder } from "@millrace/harness/tools";

const GRPCIO = "1.85.1";
const GRPCURL = "v1.8.9";
const GHZ = "v0.117.0";

/** The versions of Node that the client promises to work in. */
export const NODE_MAJORS = [20, 22, 24] as const;

const execute = promisify(execFile);

/** The folder with `python`, which has grpcio. */
export async function pythonFolder(): Promise<string> {
  const python = await commandOrDebian("python3", "python3-venv", ["-c", "import ensurepip, venv"]);
  // What is installed for one Python another one does not find.
  const { stdout } = await execute(python, ["-c", "import sys; print(*sys.version_info[:2], sep='.')"]);
  const folder = await keptFolder(`python-${stdout.trim()}-grpcio-${GRPCIO}`, async (target) => {
    const packages = [`grpcio==${GRPCIO}`, `grpcio-tools==${GRPCIO}`];
    await bringBy(python, ["-m", "venv", target]);
    await bringBy(join(target, "bin/python"), ["-m", "pip", "install", "--quiet", ...packages]);
  });
  return join(folder, "bin");
}

/** The folder with `grpcurl` and `ghz`. */
export function goFolder(): Promise<string> {
  return keptFolder(`grpcurl-${GRPCURL}-ghz-${GHZ}`, async (target) => {
    const go = await commandOrDebian("go", "golang-go", ["version"]);
    const env = { GOBIN: target, GOFLAGS: "-mod=mod" };
    // Without symbols: they double the time to link.
    const install = (tool: string) => bringBy(go, ["install", "-ldflags=-s -w", tool], { env });
    await install(`github.com/fullstorydev/grpcurl/cmd/grpcurl@${GRPCURL}`);
    await install(`github.com/bojand/ghz/cmd/ghz@${GHZ}`);
  });
}

/** A Node of the given major version, as npm brings it for this platform. */
export async function nodeProgram(major: (typeof NODE_MAJORS)[number]): Promise<string> {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const folder = await keptFolder(`${name}-${major}`, async (target) => {
    await bringBy("npm", ["install", "--prefix", target, "--no-audit", "--no-fund", `${name}@${major}`]);
  });
  return join(folder, "node_modules", name, "bin/node");
}

/** A program that works; from Debian's packages where it is missing and may be installed; else an error that says how. */
async function commandOrDebian(command: string, debianPackage: string, probe: readonly string[]): Promise<string> {
  if (await works(command, probe)) return command;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    // Others may be installing something at this moment.
    const patient = ["-qq", "-o", "DPkg::Lock::Timeout=300"];
    await bringBy("apt-get", [...patient, "update"], { env });
    await bringBy("apt-get", [...patient, "install", "-y", "--no-install-recommends", debianPackage], { env });
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
