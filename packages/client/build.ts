/**
 * Builds what is published, into `dist`: ESM with source maps, declarations, and a package.json of its own. The generated
 * contracts are part of the bundle; Connect and protobuf stay dependencies.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "vite";

const PACKAGE = import.meta.dirname;
const ROOT = join(PACKAGE, "../..");
const DIST = join(PACKAGE, "dist");
const ENTRIES = ["node", "browser"] as const;
/** Where tsc puts the declarations of packages/failure, seen from the root of what it emits. */
const BUNDLED_TYPES: Readonly<Record<string, string>> = { "@millrace/failure": "failure/src/index.d.ts" };
/** Some programs are compiled without the names of explicit resource management, which the declarations use. */
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

rmSync(DIST, { recursive: true, force: true });
await build({
  configFile: false,
  root: PACKAGE,
  logLevel: "warn",
  build: {
    target: "es2022",
    outDir: DIST,
    sourcemap: true,
    minify: false,
    lib: { entry: Object.fromEntries(ENTRIES.map((name) => [name, join(PACKAGE, `src/${name}.ts`)])), formats: ["es"] },
    rollupOptions: { external: /^(node:|@connectrpc\/|@bufbuild\/)/ },
  },
});
writeTypes();
writeManifest();
copyFileSync(join(PACKAGE, "README.md"), join(DIST, "README.md"));
copyFileSync(join(ROOT, "LICENSE"), join(DIST, "LICENSE"));

/** Writes the declarations that can be reached from the entries. */
function writeTypes(): void {
  const emitted = mkdtempSync(join(tmpdir(), "millrace-types-"));
  try {
    const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", emitted];
    const project = join(emitted, "tsconfig.json");
    writeFileSync(
      project,
      JSON.stringify({
        extends: join(ROOT, "tsconfig.json"),
        compilerOptions: { rootDir: join(ROOT, "packages"), typeRoots: [join(ROOT, "node_modules/@types")] },
        include: [],
        files: [...ENTRIES.map((name) => join(PACKAGE, `src/${name}.ts`)), join(ROOT, "packages/failure/src/index.ts")],
      }),
    );
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", project, ...flags], { stdio: "inherit" });
    const reached = new Set(ENTRIES.map((name) => join(emitted, `client/src/${name}.d.ts`)));
    for (const path of reached) writeDeclaration(path, emitted, reached);
    for (const name of ENTRIES) writeEntry(name);
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

/** Writes one declaration with imports that hold where it lies now, and adds what it imports to `reached`. */
function writeDeclaration(path: string, emitted: string, reached: Set<string>): void {
  const text = readFileSync(path, "utf8").replaceAll(/(from |import\()"([^"]+)"/g, (whole, before, name: string) => {
    const target = targetOf(name, path, emitted);
    if (target === undefined) return whole;
    reached.add(target);
    const to = relative(dirname(path), target)
      .replaceAll("\\", "/")
      .replace(/\.d\.ts$/, ".js");
    return `${before}"${to.startsWith(".") ? to : `./${to}`}"`;
  });
  const written = join(DIST, "types", relative(emitted, path));
  mkdirSync(dirname(written), { recursive: true });
  writeFileSync(written, text);
}

/** The declaration that an import means; undefined for dependencies. */
function targetOf(name: string, importer: string, emitted: string): string | undefined {
  if (name.startsWith(".")) return resolve(dirname(importer), name.replace(/\.ts$/, ".d.ts"));
  if (name in BUNDLED_TYPES) return join(emitted, BUNDLED_TYPES[name]!);
  const [, generated] = /^@millrace\/api\/(.+)$/.exec(name) ?? [];
  return generated === undefined ? undefined : join(emitted, `api/src/gen/${generated}.d.ts`);
}

function writeEntry(name: string): void {
  writeFileSync(join(DIST, `${name}.d.ts`), `${DISPOSABLE}export * from "./types/client/src/${name}.js";\n`);
}

function writeManifest(): void {
  const { name, version, license, type, dependencies } = JSON.parse(
    readFileSync(join(PACKAGE, "package.json"), "utf8"),
  );
  const published = Object.entries(dependencies).filter(([dependency]) => !dependency.startsWith("@millrace/"));
  const manifest = {
    name,
    version,
    license,
    description: "Sends events to Millrace and asks it what they say.",
    type,
    engines: { node: ">=20" },
    sideEffects: false,
    exports: {
      ".": {
        browser: { types: "./browser.d.ts", default: "./browser.js" },
        default: { types: "./node.d.ts", default: "./node.js" },
      },
    },
    dependencies: Object.fromEntries(published),
  };
  writeFileSync(join(DIST, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
