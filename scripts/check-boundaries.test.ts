import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { boundaryViolations, importsOf, type TreeFile } from "./boundary-rules.ts";

const folders = [
  ...[
    "failure",
    "api",
    "hash",
    "telemetry",
    "rollup",
    "enrichment",
    "credential",
    "snapshot",
    "runtime",
    "cli",
    "sqlite",
    "migration",
  ].map((name) => `packages/${name}`),
  ...["event-log", "cell-store"].map((name) => `packages/${name}`),
  ...["ingest", "reporting", "all-in-one"].map((name) => `services/${name}`),
  "test/harness",
];
const manifests = folders.map((folder) => manifest(folder, {}));

it("instruments are made from what is declared, and nowhere else", () => {
  const text = 'meter.createCounter("millrace.own.idea");';
  const [violation] = check({ path: "services/ingest/src/a.ts", text });
  expect(violation).toContain("services/ingest/src/a.ts calls .createCounter: ");
  expect(check({ path: "packages/telemetry/src/instruments.ts", text })).toEqual([]);
});

describe("the import rules", () => {
  const forbidden = [
    ["packages/event-log/src/a.ts", "@millrace/cell-store", "ports never import each other"],
    ["packages/event-log/src/a.ts", "@millrace/runtime", "ports never import each other"],
    ["services/ingest/src/a.ts", "@millrace/reporting", "services never import each other"],
    ["services/ingest/src/a.test.ts", "@millrace/reporting", "services never import each other"],
    ["services/ingest/src/a.ts", "@millrace/harness", "services never import each other"],
    ["services/ingest/src/a.ts", "@millrace/event-log/embedded", "only a service's backends.ts chooses a backend"],
    ["packages/cli/src/backends.ts", "@millrace/event-log/embedded", "tools speak to the services through proto/"],
    ["services/ingest/src/a.ts", "@millrace/event-log/contract", "contract suites are for tests"],
    ["packages/cell-store/src/a.ts", "@millrace/harness/servers", "ports never import each other"],
    ["packages/cell-store/src/a.test.ts", "@millrace/harness", "ports never import each other"],
    ["services/ingest/src/a.ts", "../../reporting/src/b.ts", "a relative path must stay in its package"],
    ["packages/rollup/src/a.ts", "node:fs", "does no I/O"],
    ["packages/rollup/src/a.ts", "node:worker_threads", "does no I/O"],
    ["packages/rollup/src/a.ts", "@millrace/cell-store", "domain packages know no port"],
    ["packages/enrichment/src/a.ts", "@millrace/runtime", "domain packages know no port"],
    ["packages/runtime/src/a.ts", "@millrace/rollup", "runtime is what any process needs"],
    ["packages/failure/src/a.ts", "@millrace/hash", "failure imports nothing"],
    ["packages/hash/src/a.ts", "@millrace/rollup", "hash is arithmetic"],
    ["packages/telemetry/src/a.ts", "@millrace/failure", "everything imports it, so it imports nothing of ours"],
    ["packages/rollup/src/a.ts", "@millrace/telemetry", "does no I/O"],
    ["packages/credential/src/a.ts", "@millrace/snapshot", "credential says what a key is"],
    ["packages/sqlite/src/a.ts", "@millrace/cell-store", "sqlite opens files"],
    ["services/ingest/src/a.ts", "@millrace/sqlite", "services never import each other"],
    ["packages/cli/src/a.ts", "@millrace/ingest", "tools speak to the services through proto/"],
    ["packages/migration/src/a.ts", "@millrace/ingest", "migration prepares servers"],
    ["packages/migration/src/a.ts", "@millrace/event-log/kafka", "only a service's backends.ts chooses a backend"],
    ["services/ingest/src/a.ts", "@millrace/migration", "services never import each other"],
  ] as const;
  for (const [path, name, why] of forbidden) {
    it(`forbid that ${path} imports ${name}, and say why`, () => {
      const [violation, ...others] = check({ path, text: `import { a } from "${name}";` });
      expect(violation).toContain(`${path} imports ${name}: `);
      expect(violation).toContain(why);
      expect(others).toEqual([]);
    });
  }

  const allowed = [
    ["services/ingest/src/backends.ts", "@millrace/event-log/embedded"],
    ["packages/migration/src/backends.ts", "@millrace/event-log/kafka"],
    ["packages/cli/src/a.ts", "@millrace/migration"],
    ["services/ingest/src/a.test.ts", "@millrace/event-log/embedded"],
    ["services/ingest/src/a.ts", "@millrace/event-log"],
    ["services/ingest/src/a.ts", "../package.json"],
    ["services/ingest/src/a.ts", "@millrace/api/millrace/event/v1/event_pb"],
    ["services/all-in-one/src/a.ts", "@millrace/reporting"],
    ["test/harness/src/a.ts", "@millrace/all-in-one"],
    ["packages/rollup/src/a.ts", "@millrace/hash"],
    ["packages/rollup/src/a.test.ts", "node:fs"],
    ["packages/snapshot/src/a.ts", "@millrace/credential"],
    ["packages/cell-store/src/a.ts", "node:sqlite"],
    ["packages/cell-store/src/a.ts", "@millrace/sqlite"],
    ["packages/cli/src/a.ts", "@millrace/credential"],
    ["packages/cell-store/src/a.test.ts", "@millrace/harness/servers"],
    ["packages/cell-store/src/a.test.ts", "@millrace/harness/tcp-proxy"],
  ] as const;
  for (const [path, name] of allowed) {
    it(`let ${path} import ${name}`, () => {
      expect(check({ path, text: `import { a } from "${name}";` })).toEqual([]);
    });
  }

  it("hold for package.json too", () => {
    const depending = manifest("packages/event-log", { "@millrace/cell-store": "0.1.0" });
    expect(check(depending)).toEqual([
      "packages/event-log/package.json depends on @millrace/cell-store: ports never import each other, and nothing above them, so that each backend can be replaced alone",
    ]);
  });

  it("forbid a clock and randomness where the log is folded, but not to speak of them", () => {
    const path = "packages/rollup/src/a.ts";
    expect(check({ path, text: "export const now = () => Date.now();" })).toHaveLength(1);
    expect(check({ path, text: "const pick = Math.random();" })).toHaveLength(1);
    expect(check({ path, text: "// never Date.now() here\n/* nor Math.random() */" })).toEqual([]);
  });

  it("forbid names that say nothing", () => {
    for (const name of ["common", "shared", "utils", "helpers", "types", "constants", "core", "misc"]) {
      expect(check({ path: `packages/rollup/src/${name}/a.ts`, text: "" })).toHaveLength(1);
      expect(check({ path: `services/ingest/src/${name}.ts`, text: "" })).toHaveLength(1);
    }
  });

  it("ask for a decision about a package that they do not know", () => {
    const unknown = [
      manifest("packages/novelty", {}),
      { path: "packages/novelty/src/a.ts", text: 'import "@millrace/hash";' },
    ];
    expect(() => boundaryViolations([...manifests, ...unknown])).toThrow("packages/novelty has no place");
  });

  it("make the check fail with the sentence, and pass without a violation", () => {
    const root = mkdtempSync(join(tmpdir(), "millrace-tree-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, "packages/hash/src"), { recursive: true });
    writeFileSync(join(root, "packages/hash/package.json"), JSON.stringify({ name: "@millrace/hash" }));
    const run = () =>
      spawnSync(process.execPath, [join(import.meta.dirname, "check-boundaries.ts"), root], { encoding: "utf8" });
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    writeFileSync(join(root, "packages/hash/src/hash.ts"), 'import "node:fs";');
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toContain("packages/hash/src/hash.ts imports node:fs: hash does no I/O");
  });
});

describe("finding imports", () => {
  it("sees every form of import and export", () => {
    const text = `
      import "a";
      import b from "b";
      import type { C } from 'c';
      import {
        d,
        type D,
      } from "d";
      import * as e from "e";
      export { f } from "f";
      export * from "g";
      const h = await import("h");
      type I = import("i").I;`;
    expect(importsOf(text)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
  });

  it("does not see comments and plain strings", () => {
    expect(importsOf('// import "a";\n/* export * from "b"; */ const c = "import d";')).toEqual([]);
  });
});

function check(file: TreeFile): string[] {
  return boundaryViolations([...manifests.filter(({ path }) => path !== file.path), file]);
}

function manifest(folder: string, dependencies: Record<string, string>): TreeFile {
  const name = `@millrace/${folder.split("/")[1]}`;
  return { path: `${folder}/package.json`, text: JSON.stringify({ name, dependencies }) };
}
