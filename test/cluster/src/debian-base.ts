import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { findDebootstrap } from "@millrace/harness/tools";
import { run } from "./run-program.ts";

const NAME = "localhost/millrace-node:24";
const SUITE = "bookworm";
const MADE_WITHIN_MS = 600_000;
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * An image that stands for Node's own where no registry can be reached: Debian by debootstrap, with the Node that came with the
 * packages of this checkout, and this machine's npm and authorities. Kept by buildah; needs root.
 */
export async function debianBase(buildah: string): Promise<string> {
  const known = await run(buildah, ["images", "--format", "{{.Name}}:{{.Tag}}"]);
  if (known.split("\n").includes(NAME)) return NAME;
  const root = mkdtempSync(join(tmpdir(), "millrace-base-"));
  try {
    await fill(root);
    const container = (await run(buildah, ["from", "scratch"])).trim();
    await run(buildah, ["copy", "--quiet", container, root, "/"], { withinMs: MADE_WITHIN_MS });
    // What npm installs from may be vouched for by an authority of this machine's own.
    await run(buildah, ["config", "--env", `NODE_EXTRA_CA_CERTS=${AUTHORITIES}`, container]);
    await run(buildah, ["commit", "--rm", container, NAME], { withinMs: MADE_WITHIN_MS });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return NAME;
}

async function fill(root: string): Promise<void> {
  const debootstrap = await findDebootstrap();
  const packages = "--include=ca-certificates,libstdc++6,libatomic1";
  await run(debootstrap, ["--variant=minbase", packages, SUITE, root], { withinMs: MADE_WITHIN_MS });
  // Programs of it may have been left running by nobody; devices and caches are not for an image.
  for (const folder of ["dev", "proc", "sys", "var/cache/apt", "var/lib/apt/lists"]) {
    rmSync(join(root, folder), { recursive: true, force: true });
    mkdirSync(join(root, folder), { recursive: true });
  }
  const node = join(CHECKOUT, "node_modules", `node-linux-${process.arch}`, "bin/node");
  const npm = dirname(dirname(realpathSync((await run("sh", ["-c", "command -v npm"])).trim())));
  const local = join(root, "usr/local");
  mkdirSync(join(local, "lib/node_modules"), { recursive: true });
  mkdirSync(join(local, "bin"), { recursive: true });
  cpSync(existsSync(node) ? node : process.execPath, join(local, "bin/node"), { dereference: true });
  cpSync(npm, join(local, "lib/node_modules/npm"), { recursive: true, dereference: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));
  if (existsSync(AUTHORITIES)) cpSync(AUTHORITIES, join(root, AUTHORITIES), { dereference: true });
}
