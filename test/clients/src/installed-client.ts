/** The client as its users get it: built, packed, and installed with its dependencies in a folder of its own. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CHECKOUT } from "@millrace/harness";

const execute = promisify(execFile);
const BUILD = join(CHECKOUT, "packages/client/build.ts");
const DIST = join(CHECKOUT, "packages/client/dist");

/** Installs the client into a new folder, which is the caller's to remove; gives its path. */
export async function installClient(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-installed-"));
  await execute(process.execPath, [BUILD], { cwd: join(CHECKOUT, "packages/client") });
  await execute("npm", ["pack", DIST, "--pack-destination", folder]);
  const [tarball = ""] = readdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  await execute("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", join(folder, tarball)], {
    cwd: folder,
  });
  return folder;
}
