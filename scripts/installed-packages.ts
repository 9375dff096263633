/**
 * Writes a package.json and a package-lock.json of exactly the packages that are installed, for `npm sbom`: of a workspace it
 * lists its own dependencies, but not those of the workspaces that it links to. `node scripts/installed-packages.ts DIRECTORY`
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Installed = { version: string; link?: boolean; peerDependencies?: unknown; optionalDependencies?: unknown };

const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: node scripts/installed-packages.ts DIRECTORY");
const root = join(import.meta.dirname, "..");
const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
const { name, version, license } = read("package.json");
const all = Object.entries<Installed>(read("node_modules/.package-lock.json").packages);
const packages = all.filter(([path, { link }]) => link !== true && path.startsWith("node_modules/"));
// What is wished for and was left out is no part of it.
const entries = packages.map(([path, { peerDependencies: _, optionalDependencies: __, ...entry }]) => [path, entry]);
const atTop = packages.filter(([path]) => path.lastIndexOf("node_modules/") === 0);
const dependencies = Object.fromEntries(
  atTop.map(([path, entry]) => [path.slice("node_modules/".length), entry.version]),
);
const manifest = { name, version, license, dependencies };
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
const lock = { name, version, lockfileVersion: 3, packages: { "": manifest, ...Object.fromEntries(entries) } };
writeFileSync(join(directory, "package-lock.json"), JSON.stringify(lock));
