import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "./sqlite-failure.ts";

/** What {@link openSqlite} opens. */
export type OpenOptions = {
  /** The folder, made when missing; ":memory:" for a database that keeps nothing. */
  readonly directory: string;
  readonly fileName: string;
  /** What it is, for people: "the cell store". */
  readonly what: string;
  /** The page size of a new file, in bytes; SQLite's own by default. */
  readonly pageBytes?: number;
  /** More PRAGMA statements. */
  readonly pragmas?: string;
  /** The tables, and the version of their format: made where there is none, refused where it is another. */
  readonly schema?: { readonly version: number; readonly sql: string };
};

/**
 * Opens a database for this process alone: the exclusive lock is the kernel's, so it goes with the process, however that
 * ends. Commits are durable: a WAL with `synchronous = FULL`.
 *
 * @throws Failure `unavailable` when the folder is in use or can't be written, `corrupt` for a damaged file,
 *   `precondition` for another format
 */
export function openSqlite(options: OpenOptions): DatabaseSync {
  const { directory, fileName, what, pageBytes, pragmas = "", schema } = options;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(locate(directory, fileName));
    if (pageBytes !== undefined) database.exec(`PRAGMA page_size = ${pageBytes}`);
    // EXCLUSIVE is set before the first access: the lock is then held until close, and the WAL's index lives on the heap.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec(`${pragmas}; BEGIN EXCLUSIVE`);
    if (schema !== undefined) createSchema(database, fileName, schema.version, schema.sql);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    database?.close();
    throw sqliteFailure(error, `opening ${what} in ${directory}`);
  }
}

function locate(directory: string, fileName: string): string {
  if (directory === ":memory:") return directory;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure("unavailable", "BACKEND_UNAVAILABLE", `cannot create the folder ${directory}`, { cause });
  }
  return join(directory, fileName);
}

function createSchema(database: DatabaseSync, fileName: string, version: number, sql: string): void {
  const found = database.prepare("PRAGMA user_version").get()?.user_version;
  if (found === version) return;
  if (found !== 0) {
    const problem = `${fileName} has format ${found}; this version reads ${version}`;
    throw new Failure("precondition", "DATA_CORRUPT", problem);
  }
  database.exec(`${sql}; PRAGMA user_version = ${version}`);
}
