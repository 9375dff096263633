import { createHash } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findJava17, findProgram, hasJava17, hasProgram } from "./machine.ts";
import { runProgram } from "./programs.ts";

const HASH_CHARACTERS = 16;
const ABANDONED_AFTER_MS = 3_600_000;

/** What a server in Java is started with: `java`, and the jars of its class path. */
export type JavaProgram = { readonly java: string; readonly jars: readonly string[] };

/** Java 17 and the jars that a pom names; brought where they are missing, with logs of that in `folder`. */
export async function bringJava(pom: string, folder: string): Promise<JavaProgram> {
  const [java, jars] = await Promise.all([
    findJava17(join(folder, "install.log")),
    findJars(pom, join(folder, "maven.log")),
  ]);
  return { java, jars };
}

/** Whether `bringJava` would find everything, or what brings it. */
export function isJavaHere(pom: string): boolean {
  return hasJava17() && (jarsIn(folderOf(pom)).length > 0 || hasProgram("mvn"));
}

/**
 * The paths of the jars that a pom names, with all that they need, in the order of their names. They are brought from
 * Maven Central once, into a folder of the user's cache that is named by a hash of the pom. Two runs may do so at
 * once: each fills a folder of its own, and the first to be done gives it the name.
 */
async function findJars(pom: string, log: string): Promise<string[]> {
  const folder = folderOf(pom);
  if (jarsIn(folder).length === 0) await fill(folder, pom, log);
  return jarsIn(folder);
}

function folderOf(pom: string): string {
  return join(cacheFolder(), createHash("sha256").update(readFileSync(pom)).digest("hex").slice(0, HASH_CHARACTERS));
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "millrace", "servers");
}

async function fill(folder: string, pom: string, log: string): Promise<void> {
  const command = await findProgram("mvn", "maven", log);
  const javaHome = join(await findJava17(log), "../..");
  mkdirSync(cacheFolder(), { recursive: true });
  removeAbandoned();
  const filling = mkdtempSync(join(cacheFolder(), "filling-"));
  process.stderr.write(`Bringing the jars of ${pom} from Maven Central, once\n`);
  // A repository of its own: Maven's usual one is not safe when two write to it.
  const args = [
    "-q",
    "-B",
    "-f",
    pom,
    `-Dmaven.repo.local=${join(filling, "repository")}`,
    "dependency:copy-dependencies",
    `-DoutputDirectory=${join(filling, "jars")}`,
    "-DincludeScope=runtime",
  ];
  try {
    await runProgram({ command, args, log, env: { ...process.env, JAVA_HOME: javaHome } });
    publish(join(filling, "jars"), folder);
  } finally {
    rmSync(filling, { recursive: true, force: true });
  }
}

/** Gives what was filled its name, unless another run was faster. */
function publish(filled: string, folder: string): void {
  try {
    renameSync(filled, folder);
  } catch (error) {
    if (jarsIn(folder).length === 0) throw error;
  }
}

/** Removes what runs that were killed while they filled a folder have left. */
function removeAbandoned(): void {
  for (const path of globSync(join(cacheFolder(), "filling-*"))) {
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { recursive: true, force: true });
  }
}

function jarsIn(folder: string): string[] {
  return globSync(join(folder, "*.jar")).sort();
}
