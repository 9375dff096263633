import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const CHECKOUT = join(import.meta.dirname, "../../../..");

/** All that a build depends on: the page's sources, the contracts that it speaks, how it is built, and with what. */
const SOURCES = [
  "services/dashboard/web/**/*",
  "services/dashboard/build.ts",
  "services/dashboard/src/page/compressed-files.ts",
  "services/dashboard/package.json",
  "packages/api/src/gen/**/*.ts",
  "package-lock.json",
];

const IRRELEVANT = /\.test\.tsx?$|\.md$/;

/** A name for the state of the sources of a build, in a clone of the repository: 20 hex digits. */
export async function digestOfSources(checkout = CHECKOUT): Promise<string> {
  const found = globSync(SOURCES, { cwd: checkout, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = found.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => !IRRELEVANT.test(path));
  const texts = await Promise.all(paths.map((path) => readFile(path)));
  const lines = paths.map((path, i) => `${path.slice(checkout.length)} ${sha256(texts[i]!)}\n`);
  return sha256(lines.sort().join("")).slice(0, 20);
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
