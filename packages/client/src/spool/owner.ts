import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** What a folder of a client is called; others in the directory are somebody else's. */
const FOLDER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const OWNER_FILE = "owner.json";
/** After how long without a sign of life the owner on another host is taken for dead. */
const SILENT_MS = 60_000;
/** The owner of a folder that was left. */
const NOBODY = 0;

/** Who writes a folder. */
type Owner = { readonly pid: number; readonly startedAt: string; readonly host: string };

/**
 * The folder of one client in a spool's directory. Each client has its own, so that processes can share the directory;
 * those of dead processes are taken over.
 */
export class OwnedFolder {
  readonly path: string;
  readonly #directory: string;

  /** Makes a new folder. */
  constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, randomUUID());
    // What people did is for this user alone, whatever the process allows otherwise.
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const owner: Owner = { pid: process.pid, startedAt: startOf("self"), host: hostname() };
    writeFileSync(join(this.path, OWNER_FILE), JSON.stringify(owner), { mode: 0o600 });
  }

  /** Shows that the owner lives. */
  touch(nowMs: number): void {
    utimesSync(join(this.path, OWNER_FILE), nowMs / 1000, nowMs / 1000);
  }

  /** The folders that nobody owns any more. */
  orphans(nowMs: number): string[] {
    return readdirSync(this.#directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && FOLDER.test(entry.name))
      .map(({ name }) => join(this.#directory, name))
      .filter((path) => path !== this.path && isOrphan(path, nowMs));
  }

  /** Leaves the folder to whoever comes next; removes it when it is empty. */
  release(): void {
    rmSync(join(this.path, OWNER_FILE), { force: true });
    removeIfEmpty(this.path);
    // Somebody is to find at once that nobody is here.
    if (readable(() => readdirSync(this.path)) !== undefined) {
      writeFileSync(join(this.path, OWNER_FILE), JSON.stringify({ pid: NOBODY, startedAt: "", host: hostname() }));
    }
  }
}

/** Removes a folder that was taken over, unless something of another kind is in it. */
export function removeOrphan(path: string): void {
  const rest = readable(() => readdirSync(path));
  if (rest?.every((name) => name === OWNER_FILE) === true) {
    rmSync(join(path, OWNER_FILE), { force: true });
    removeIfEmpty(path);
  }
}

function isOrphan(path: string, nowMs: number): boolean {
  const file = join(path, OWNER_FILE);
  const text = readable(() => readFileSync(file, "utf8"));
  const seenMs = readable(() => statSync(text === undefined ? path : file).mtimeMs) ?? nowMs;
  const owner = text === undefined ? undefined : parseOwner(text);
  if (owner?.pid === NOBODY) return true;
  // A folder is made before its owner is written.
  if (owner === undefined || owner.host !== hostname()) return nowMs - seenMs > SILENT_MS;
  return !isAlive(owner);
}

/** A process id is used again, at the latest by the next container; the moment of its start is not. */
function isAlive({ pid, startedAt }: Owner): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startOf(String(pid));
  return startedAt === "" || started === "" || started === startedAt;
}

/** When a process was started, as Linux tells it; empty elsewhere. */
function startOf(pid: string): string {
  const stat = readable(() => readFileSync(`/proc/${pid}/stat`, "utf8")) ?? "";
  // The name in parentheses may hold anything; the start is the 20th field behind it.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function parseOwner(text: string): Owner | undefined {
  const owner = readable(() => JSON.parse(text) as Partial<Owner>);
  if (typeof owner?.pid !== "number" || typeof owner.host !== "string") return undefined;
  return { pid: owner.pid, host: owner.host, startedAt: owner.startedAt ?? "" };
}

function removeIfEmpty(path: string): void {
  readable(() => rmdirSync(path));
}

/** What `look` gives; undefined where the file system has changed meanwhile. */
function readable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
