import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { Failure } from "@millrace/failure";

/** A server by name: its address, and the key and project to use there. */
export type Context = { readonly url: string; readonly key?: string; readonly project?: string };

/** All that are known, and the one in use. */
export type Contexts = { readonly current?: string; readonly contexts: Readonly<Record<string, Context>> };

/** The most contexts that are kept. */
export const CONTEXTS_MAX = 100;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The folder of the command line's own settings: `$XDG_CONFIG_HOME/millrace`, else `~/.config/millrace`. */
export function configDirectory(environment: NodeJS.ProcessEnv): string {
  const given = environment["XDG_CONFIG_HOME"];
  // The specification says that a relative path is to be ignored.
  const base = given !== undefined && isAbsolute(given) ? given : join(environment["HOME"] || homedir(), ".config");
  return join(base, "millrace");
}

/** Where contexts are kept. */
export function contextsPath(environment: NodeJS.ProcessEnv): string {
  return join(configDirectory(environment), "contexts.json");
}

/**
 * Reads the file of contexts; none where there is no file.
 *
 * @throws Failure `precondition` or `corrupt` when it can not be read; its text is never shown
 */
export function readContexts(path: string): Contexts {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { contexts: {} };
    throw new Failure("precondition", "DATA_CORRUPT", `${path} can not be read (${code})`, { cause });
  }
  try {
    return checked(JSON.parse(text));
  } catch (cause) {
    const message = `${path} is not a file of contexts; mend it, or remove it and add them again`;
    throw new Failure("corrupt", "DATA_CORRUPT", message, { cause });
  }
}

/** Writes the file with mode 0600, whole or not at all. */
export function writeContexts(path: string, contexts: Contexts): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.next`;
  writeFileSync(next, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600 });
  // A file left by an interrupted write keeps its mode otherwise.
  chmodSync(next, 0o600);
  renameSync(next, path);
}

/**
 * A context's name as it may be.
 *
 * @throws Failure `invalid`
 */
export function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  const message = `"${name}" can not name a context: 1 to 63 letters, digits, ".", "_" and "-", starting with a letter or digit`;
  throw new Failure("invalid", "FIELD_INVALID", message);
}

function checked(value: unknown): Contexts {
  const { current, contexts } = value as { current?: unknown; contexts: Record<string, Record<string, unknown>> };
  const known: Record<string, Context> = {};
  for (const [name, each] of Object.entries(contexts)) {
    const { url, key, project } = each;
    if (!NAME.test(name) || typeof url !== "string") throw new Error("a name or an address is wrong");
    known[name] = {
      url,
      ...(typeof key === "string" && { key }),
      ...(typeof project === "string" && { project }),
    };
  }
  return { contexts: known, ...(typeof current === "string" && { current }) };
}
