import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { configDirectory } from "../context/contexts-file.ts";

/** How far a file was sent. */
export type SentSoFar = {
  /** How many records from the file's beginning are settled. */
  readonly records: number;
  /** About how much of the file that is, from 0 to 1; undefined where its size is not known. */
  readonly part: number | undefined;
  readonly atMs: number;
};

const FILES_MAX = 100;
const FOLDER = "sends";

/** Remembers how far one sending of one file has come, in a small file that an interrupted run leaves behind. */
export class ResumeState {
  readonly #path: string;
  /** What an earlier run left; undefined when there was none, or it was of another file or another mapping. */
  readonly earlier: SentSoFar | undefined;

  /** @param path of the state's own file */
  constructor(path: string) {
    this.#path = path;
    this.earlier = read(path);
  }

  /** Writes how far it is, whole or not at all. What an earlier run had reached stays reached. */
  save(state: SentSoFar): void {
    if (this.earlier !== undefined && this.earlier.records > state.records) return;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const next = `${this.#path}.next`;
    writeFileSync(next, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    renameSync(next, this.#path);
  }

  /** Forgets it: everything is sent. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/**
 * The state of sending a file; undefined for what can not be read twice, such as standard input.
 *
 * @param credentialsPath the states are kept in a folder beside it, or where there is no such directory, beside the
 * contexts
 * @param what says how the file becomes events, and where they go: another mapping has a state of its own
 */
export function resumeStateOf(
  file: string,
  what: unknown,
  { credentialsPath, environment }: { readonly credentialsPath: string; readonly environment: NodeJS.ProcessEnv },
): ResumeState | undefined {
  if (file === "-") return undefined;
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return undefined;
  const identity = [realpathSync(file), String(found.size), String(found.mtimeNs), what];
  const name = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 32);
  const beside = dirname(credentialsPath);
  const folder = join(existsSync(beside) ? beside : configDirectory(environment), FOLDER);
  prune(folder);
  return new ResumeState(join(folder, `${name}.json`));
}

function read(path: string): SentSoFar | undefined {
  try {
    const { records, part, atMs } = JSON.parse(readFileSync(path, "utf8"));
    if (!Number.isSafeInteger(records) || records <= 0 || typeof atMs !== "number") return undefined;
    return { records, part: typeof part === "number" ? part : undefined, atMs };
  } catch {
    // Without it the file is sent from its beginning, and that doubles nothing.
    return undefined;
  }
}

/** Keeps the newest states only. */
function prune(folder: string): void {
  try {
    const files = readdirSync(folder).map((name) => join(folder, name));
    if (files.length <= FILES_MAX) return;
    const byAge = files.map((path) => ({ path, atMs: statSync(path).mtimeMs })).sort((a, b) => b.atMs - a.atMs);
    for (const { path } of byAge.slice(FILES_MAX)) rmSync(path, { force: true });
  } catch {
    // There is no folder yet, or another run prunes it too.
  }
}
