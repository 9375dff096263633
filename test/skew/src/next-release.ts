/** A release that is yet to come: this one with one more version of processing, added as packages/enrichment tells. */
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CURRENT_VERSION } from "@millrace/enrichment";
import { CHECKOUT } from "@millrace/harness";

/** Its version of processing: the one that this release does not know. */
export const NEXT_VERSION: number = CURRENT_VERSION + 1;

const SOURCES = ["packages", "services", "package.json"];
const LEFT_OUT = new Set(["node_modules", "golden"]);
const OWN_SCOPE = "@millrace";

/** How the next version derives a page: so that a row tells which version an event was folded by. */
export function nextPage(page: string): string {
  return `next:${page}`;
}

/** Makes a checkout of it. The caller removes it. */
export async function makeNextRelease(): Promise<string> {
  const checkout = await mkdtemp(join(tmpdir(), "millrace-next-"));
  try {
    for (const name of SOURCES) {
      const filter = (path: string) => !LEFT_OUT.has(basename(path));
      await cp(join(CHECKOUT, name), join(checkout, name), { recursive: true, filter });
    }
    await linkModules(checkout);
    await addVersion(join(checkout, "packages/enrichment/src"));
  } catch (error) {
    await rm(checkout, { recursive: true, force: true });
    throw error;
  }
  return checkout;
}

/** The same dependencies as here, and its own packages. */
async function linkModules(checkout: string): Promise<void> {
  const [here, there] = [CHECKOUT, checkout].map((root) => join(root, "node_modules")) as [string, string];
  await mkdir(join(there, OWN_SCOPE), { recursive: true });
  for (const name of await readdir(here)) {
    if (name !== OWN_SCOPE) await symlink(join(here, name), join(there, name));
  }
  for (const name of await readdir(join(here, OWN_SCOPE))) {
    // They lead to the packages of the checkout that they are in.
    const target = await readlink(join(here, OWN_SCOPE, name));
    await symlink(target, join(there, OWN_SCOPE, name));
  }
  for (const folder of ["packages", "services"]) {
    for (const name of await readdir(join(checkout, folder))) {
      const own = join(CHECKOUT, folder, name, "node_modules");
      if (existsSync(own)) await symlink(own, join(checkout, folder, name, "node_modules"));
    }
  }
}

async function addVersion(folder: string): Promise<void> {
  const [before, next] = [`version${CURRENT_VERSION}`, `version${NEXT_VERSION}`];
  await writeFile(
    join(folder, `version-${NEXT_VERSION}.ts`),
    `import type { Rules } from "./rule.ts";
import { ${before} } from "./version-${CURRENT_VERSION}.ts";

const { page } = ${before};
export const ${next}: Rules = { ...${before}, page: { ...page, derive: (input) => "next:" + page.derive(input) } };
`,
  );
  const path = join(folder, "enrichment.ts");
  let source = await readFile(path, "utf8");
  const change = (from: RegExp, to: string): void => {
    if (!from.test(source)) throw new Error(`packages/enrichment/src/enrichment.ts has nothing like ${from} any more`);
    source = source.replace(from, to);
  };
  change(/(import \{ version1 \})/, `import { ${next} } from "./version-${NEXT_VERSION}.ts";\n$1`);
  change(/(ENRICHMENT_VERSIONS = \[[\d, ]+)\]/, `$1, ${NEXT_VERSION}]`);
  change(/CURRENT_VERSION = \d+;/, `CURRENT_VERSION = ${NEXT_VERSION};`);
  change(/(\[1, fromRules\(1, version1\)\],)/, `$1\n  [${NEXT_VERSION}, fromRules(${NEXT_VERSION}, ${next})],`);
  await writeFile(path, source);
}
