import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "@millrace/failure";

/** SQLite's result codes (the low byte of an extended one), https://sqlite.org/rescode.html. */
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/**
 * Opens `fileName` in `directory` (made when missing), or a database in memory for ":memory:", for this process alone:
 * the exclusive lock is the kernel's, so it goes with the process, however that ends. Commits are durable.
 *
 * @param pageBytes the page size of a new file
 * @throws Failure `unavailable` when the directory is in use or cannot be written, `corrupt` for damaged files
 */
export function openDatabase(directory: string, fileName: string, pageBytes: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (directory !== ":memory:") mkdirSync(directory, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(directory === ":memory:" ? directory : join(directory, fileName));
    database.exec(`
      pragma page_size = ${pageBytes};
      pragma locking_mode = exclusive;
      pragma journal_mode = wal;
      pragma synchronous = full;
      begin exclusive;
      commit;
    `);
    return database;
  } catch (error) {
    database?.close();
    throw openFailure(error, directory);
  }
}

function openFailure(error: unknown, directory: string): Failure {
  const code = resultCode(error);
  if (code === BUSY || code === LOCKED) {
    return new Failure(
      "unavailable",
      "BACKEND_UNAVAILABLE",
      `The data directory ${directory} is in use by another process.`,
      {
        cause: error,
      },
    );
  }
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new Failure("corrupt", "DATA_CORRUPT", `The store of claims in ${directory} is damaged.`, { cause: error });
  }
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", `The store of claims in ${directory} cannot be opened.`, {
    cause: error,
  });
}

/** Makes a failure of what a statement threw. */
export function statementFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = resultCode(error);
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new Failure("corrupt", "DATA_CORRUPT", "The store of claims is damaged.", { cause: error });
  }
  if (code === IO_ERROR) {
    return new Failure("unknownOutcome", "BACKEND_UNAVAILABLE", "The store of claims could not be written.", {
      cause: error,
    });
  }
  if (code === FULL) {
    return new Failure("unavailable", "BACKEND_UNAVAILABLE", "The disk of the claims is full.", { cause: error });
  }
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", "The store of claims failed.", { cause: error });
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
