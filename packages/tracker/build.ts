import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vite";
import { SCRIPT_FILE } from "./src/script-file.ts";

/** Compiles the browser's sources into one script. */
export async function buildTracker(): Promise<void> {
  const output = await build({
    configFile: false,
    root: import.meta.dirname,
    publicDir: false,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2020",
      lib: { entry: join(import.meta.dirname, "browser/main.ts"), formats: ["iife"], name: "millraceTracker" },
    },
  });
  const [built] = [output].flat();
  if (built === undefined || !("output" in built)) throw new Error("vite gave no output");
  const [{ code }] = built.output;
  mkdirSync(dirname(SCRIPT_FILE), { recursive: true });
  // Whoever reads it meanwhile sees the old script or the new one.
  const part = `${SCRIPT_FILE}.${process.pid}`;
  writeFileSync(part, code);
  renameSync(part, SCRIPT_FILE);
}

if (import.meta.main) await buildTracker();
