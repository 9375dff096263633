/**
 * Builds the page, unless it is built already from these very sources: `node services/dashboard/build.ts`. A build lies in
 * dist/<digest of its sources>, where it appears whole or not at all, so that any number of processes may build at once.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "@millrace/failure";
import { compressFiles } from "./src/page/compressed-files.ts";
import { digestOfSources } from "./src/page/source-digest.ts";

const ROOT = import.meta.dirname;
const WEB = join(ROOT, "web");
const DIST = join(ROOT, "dist");
const OUTPUT_CHARACTERS_MAX = 20_000;
/** Longer than a build takes, and than a server takes to read one. */
const KEPT_MS = 600_000;

/** How a build is told of, and ended. */
export type PageBuildOptions = {
  /** Told one line when something is to be built. */
  readonly log?: (line: string) => void;
};

/** A build: where its files are, and whether it was there already. */
export type BuiltPage = { readonly directory: string; readonly outcome: "fresh" | "built" };

/** Sees to it that the page is built from the sources as they are now. Fails with `unavailable` when that can't be. */
export async function ensurePageBuilt(options: PageBuildOptions = {}): Promise<"fresh" | "built"> {
  return (await buildPage(options)).outcome;
}

/** As {@link ensurePageBuilt}, and tells where the files are. */
export async function buildPage({ log }: PageBuildOptions = {}): Promise<BuiltPage> {
  const directory = join(DIST, await digestOfSources());
  if (existsSync(directory)) return { directory, outcome: "fresh" };
  log?.("building the page, which takes some seconds, once");
  // The bundler takes hundreds of megabytes, and all of a core: that is another process's.
  await runToItsEnd(join(ROOT, "build.ts"));
  if (!existsSync(directory)) throw notBuilt("its sources changed meanwhile");
  return { directory, outcome: "built" };
}

/** Builds in this process. */
async function buildHere(): Promise<void> {
  const digest = await digestOfSources();
  const directory = join(DIST, digest);
  if (existsSync(directory)) return;
  // Else a test's, or a shell's, would bring in what React has for developers.
  process.env["NODE_ENV"] = "production";
  const { build } = await import("vite");
  const outDir = join(DIST, `${digest}.${process.pid}.part`);
  try {
    await mkdir(DIST, { recursive: true });
    await build({ root: WEB, logLevel: "warn", build: { outDir, emptyOutDir: true, chunkSizeWarningLimit: 1_000 } });
    await compressFiles(outDir);
    await rename(outDir, directory).catch((error: unknown) => {
      // Somebody else was faster, with the same files.
      if (!existsSync(directory)) throw error;
    });
    await removeOthers(digest);
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}

/** Removes former builds, and what is left of builds that died; not what another process may be making or reading. */
async function removeOthers(digest: string): Promise<void> {
  for (const name of await readdir(DIST)) {
    const path = join(DIST, name);
    const { mtimeMs } = (await stat(path).catch(() => undefined)) ?? { mtimeMs: Date.now() };
    if (name !== digest && Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

function runToItsEnd(script: string): Promise<void> {
  const child = spawn(process.execPath, [script], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let written = "";
  const keep = (text: string): void => {
    written = (written + text).slice(-OUTPUT_CHARACTERS_MAX);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(notBuilt("the bundler did not start", cause)));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(notBuilt("run `npm run build -w services/dashboard` to see why", new Error(written.trim())));
    });
  });
}

function notBuilt(why: string, cause?: unknown): Failure {
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", `the page could not be built: ${why}`, { cause });
}

if (import.meta.main) await buildHere();
