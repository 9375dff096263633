/**
 * The rules of docs/architecture.md about who may import whom, over package.json files and import statements. Pure: it is
 * given the tree, and tells what is wrong with it.
 */
import { posix } from "node:path";

/** A file of the tree: its path from the root, with slashes, and its text. */
export type TreeFile = { readonly path: string; readonly text: string };

type Role =
  | "failure"
  | "api"
  | "hash"
  | "telemetry"
  | "credential"
  | "domain"
  | "runtime"
  | "sqlite"
  | "cassandra"
  | "port"
  | "migration"
  | "tool"
  | "asset"
  | "observability"
  | "service"
  | "whole"
  | "test";

const FORBIDDEN_NAMES = new Set(["common", "shared", "utils", "util", "helpers", "types", "constants", "core", "misc"]);
const PORTS = ["event-log", "cell-store", "record-store", "cache", "archive"];
const DOMAIN = ["rollup", "enrichment", "snapshot", "tail"];
const TOOLS = ["client", "cli"];
/** What is handed to browsers as it is: built, and served by whoever is told to. */
const ASSETS = ["tracker"];
/** They fold the log: what they give may depend on nothing but what they are given (P3). */
const PURE = new Set(["packages/rollup", "packages/enrichment", "packages/hash", "packages/failure"]);
/** What the tests of every package may use: it knows nothing of ours. */
const FOR_ALL_TESTS = ["certificates", "servers", "tcp-proxy", "tools", "until"].map(
  (name) => `@millrace/harness/${name}`,
);
/** Builtins that touch nothing outside of the process. */
const PURE_BUILTINS = new Set(["node:buffer", "node:crypto", "node:util", "node:zlib"]);
const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|fetch|setTimeout|setInterval|process\.\w+)(?=\W)/;

const INSTRUMENT = /\.create(?:Counter|Histogram|Gauge|UpDownCounter|Observable\w+)\b/;

const MAY_IMPORT: Readonly<Record<Role, readonly Role[]>> = {
  failure: [],
  api: [],
  hash: ["failure", "api"],
  telemetry: [],
  credential: ["failure", "api", "hash"],
  domain: ["failure", "api", "hash", "telemetry", "credential", "domain"],
  runtime: ["failure", "api", "telemetry"],
  sqlite: ["failure"],
  cassandra: ["failure"],
  port: ["failure", "api", "hash", "telemetry", "sqlite", "cassandra"],
  migration: ["failure", "runtime", "port"],
  tool: ["failure", "api", "hash", "credential", "migration", "tool"],
  asset: [],
  observability: ["failure", "telemetry"],
  service: ["failure", "api", "hash", "telemetry", "credential", "domain", "runtime", "port", "asset"],
  whole: ["failure", "api", "hash", "telemetry", "credential", "domain", "runtime", "port", "service", "asset"],
  test: [
    "failure",
    "api",
    "hash",
    "telemetry",
    "credential",
    "domain",
    "runtime",
    "sqlite",
    "cassandra",
    "port",
    "migration",
    "tool",
    "asset",
    "observability",
    "service",
    "whole",
    "test",
  ],
};

const WHY: Readonly<Record<Role, string>> = {
  failure: "failure imports nothing, so that everything can import it",
  api: "api is generated from proto/, and nothing else",
  hash: "hash is arithmetic, and imports only failure and api",
  telemetry: "telemetry says what is measured; everything imports it, so it imports nothing of ours",
  credential: "credential says what a key is; it knows no rollup, no port and no service",
  domain: "domain packages know no port, no service and no runtime, so that they can be tested by themselves",
  runtime: "runtime is what any process needs; it imports only failure and api",
  sqlite: "sqlite opens files for the embedded backends of ports, and knows none of them",
  cassandra: "cassandra speaks to clusters for the backends of ports, and knows none of them",
  port: "ports never import each other, and nothing above them, so that each backend can be replaced alone",
  migration: "migration prepares servers for the backends of ports, and needs no service for it",
  tool: "tools speak to the services through proto/ alone, as any client does",
  observability: "observability is about what telemetry declares; what it makes looks at services from outside",
  asset: "what browsers are given imports nothing of ours, so that it stays small",
  service: "services never import each other; they speak through proto/, so that each is deployed and scaled alone",
  whole: "all-in-one puts services together, and needs nothing of the tools and tests",
  test: "",
};

/** One sentence for each rule that the tree breaks, in the order of the paths. */
export function boundaryViolations(files: readonly TreeFile[]): string[] {
  const folders = new Map<string, string>();
  for (const { path, text } of files) {
    if (posix.basename(path) === "package.json") folders.set(JSON.parse(text).name, posix.dirname(path));
  }
  return files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap((file) => [...nameViolations(file.path), ...fileViolations(file, folders)]);
}

/** The modules that a source imports, dynamically too, types included. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const statements =
    /\b(?:import|export)\b(?:[\w\s{},*$]*?\bfrom)?\s*["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/g;
  return [...code.matchAll(statements)].map(([, plain, dynamic]) => plain ?? dynamic ?? "");
}

function nameViolations(path: string): string[] {
  const forbidden = path.split("/").find((part) => FORBIDDEN_NAMES.has(part.replace(/(\.test)?\.ts$/, "")));
  if (forbidden === undefined) return [];
  return [`${path}: "${forbidden}" says nothing about what is inside; name it by the noun that it gives`];
}

function fileViolations(file: TreeFile, folders: ReadonlyMap<string, string>): string[] {
  const folder = workspaceOf(file.path);
  if (folder === undefined) return [];
  if (file.path === `${folder}/package.json`) return dependencyViolations(file, folder, folders);
  if (!/\.tsx?$/.test(file.path)) return [];
  const found = importsOf(file.text).flatMap((name) => importViolation(file.path, folder, name, folders) ?? []);
  if (PURE.has(folder) && !isTestCode(file.path)) {
    const [, impure] = IMPURE.exec(withoutComments(file.text)) ?? [];
    if (impure !== undefined) found.push(`${file.path} uses ${impure}: ${pureReason(folder)}`);
  }
  const isTelemetry = folder === "packages/telemetry";
  const [made] = isTelemetry || isTestCode(file.path) ? [] : (INSTRUMENT.exec(withoutComments(file.text)) ?? []);
  if (made !== undefined) {
    found.push(
      `${file.path} calls ${made}: instruments are made from packages/telemetry, where every metric is declared`,
    );
  }
  return [...new Set(found)];
}

function dependencyViolations(file: TreeFile, folder: string, folders: ReadonlyMap<string, string>): string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(file.text);
  const ofTests = Object.keys(devDependencies).filter(
    (name) => !FOR_ALL_TESTS.some((path) => path.startsWith(`${name}/`)),
  );
  return [...Object.keys(dependencies), ...ofTests].flatMap((name) => {
    const why = forbiddenPackage(folder, name, folders);
    return why === undefined ? [] : [`${file.path} depends on ${name}: ${why}`];
  });
}

function importViolation(path: string, folder: string, name: string, folders: ReadonlyMap<string, string>) {
  if (FOR_ALL_TESTS.includes(name) && isTestCode(path)) return undefined;
  const why =
    name.startsWith(".") && !posix.join(posix.dirname(path), name).startsWith(`${folder}/`)
      ? "a relative path must stay in its package; import another package by its name"
      : (forbiddenPackage(folder, name, folders) ??
        forbiddenSubPath(path, folder, name) ??
        forbiddenBuiltin(path, folder, name));
  return why === undefined ? undefined : `${path} imports ${name}: ${why}`;
}

function forbiddenPackage(folder: string, name: string, folders: ReadonlyMap<string, string>): string | undefined {
  const target = targetOf(name, folders);
  if (target === undefined || target === folder) return undefined;
  if (PURE.has(folder) && target === "packages/telemetry") return pureReason(folder);
  const role = roleOf(folder);
  return MAY_IMPORT[role].includes(roleOf(target)) ? undefined : WHY[role];
}

/** Which backend is used is decided in one place of a service; everything else knows the port alone. */
function forbiddenSubPath(path: string, folder: string, name: string): string | undefined {
  const [, port, subPath] = /^@millrace\/([^/]+)\/([^/]+)/.exec(name) ?? [];
  if (port === undefined || !PORTS.includes(port) || isTestCode(path)) return undefined;
  if (subPath === "contract") return "contract suites are for tests";
  const mayChoose = ["service", "whole", "migration"].includes(roleOf(folder));
  if (mayChoose && posix.basename(path) === "backends.ts") return undefined;
  return "only a service's backends.ts chooses a backend; import the port itself";
}

function forbiddenBuiltin(path: string, folder: string, name: string): string | undefined {
  if (!PURE.has(folder) || isTestCode(path) || !name.startsWith("node:")) return undefined;
  return PURE_BUILTINS.has(name) ? undefined : pureReason(folder);
}

function pureReason(folder: string): string {
  return `${posix.basename(folder)} does no I/O and reads no clock, so that folding the log is a pure function (P3)`;
}

function targetOf(name: string, folders: ReadonlyMap<string, string>): string | undefined {
  const [, packageName] = /^(@millrace\/[^/]+)/.exec(name) ?? [];
  return packageName === undefined ? undefined : folders.get(packageName);
}

/** The folder of the workspace that a path lies in; `undefined` for what lies beside the workspaces. */
function workspaceOf(path: string): string | undefined {
  return /^(?:packages|services|test)\/[^/]+(?=\/)/.exec(path)?.[0];
}

function roleOf(folder: string): Role {
  const [kind, name = ""] = folder.split("/");
  if (kind === "test") return "test";
  if (kind === "services") return name === "all-in-one" ? "whole" : "service";
  if (name === "failure" || name === "api" || name === "hash" || name === "telemetry") return name;
  if (name === "credential" || name === "runtime" || name === "migration") return name;
  if (name === "observability") return name;
  if (name === "sqlite" || name === "cassandra") return name;
  if (PORTS.includes(name)) return "port";
  if (DOMAIN.includes(name)) return "domain";
  if (TOOLS.includes(name)) return "tool";
  if (ASSETS.includes(name)) return "asset";
  throw new Error(`packages/${name} has no place in scripts/boundary-rules.ts yet: say who may import it`);
}

/** Tests, and what only tests use. */
function isTestCode(path: string): boolean {
  return /\.test\.ts$|(^|\/)(test|testing|contract|fixtures?)\/|\/(test-[\w-]+|fake-[\w-]+|fixture|crash-writer)\.ts$|^test\//.test(
    path,
  );
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
}
