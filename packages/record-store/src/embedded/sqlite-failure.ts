import { Failure } from "@millrace/failure";

// Primary result codes, https://sqlite.org/rescode.html
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** The Failure for what SQLite threw; its own text goes into `cause` only. Failures pass through. */
export function sqliteFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error;
  switch (primaryCode(error)) {
    case undefined:
      return new Failure("internal", "INTERNAL", `${doing} failed`, { cause: error });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new Failure("corrupt", "DATA_CORRUPT", `${doing} failed: the file is damaged`, { cause: error });
    case BUSY:
    case LOCKED:
      return unavailable(`${doing} failed: the data directory is in use by another process`, error);
    case FULL:
      return unavailable(`${doing} failed: the disk is full`, error);
    default:
      return unavailable(`${doing} failed: the file cannot be read or written`, error);
  }
}

/** The primary result code of an error of node:sqlite; `undefined` for any other error. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

function unavailable(message: string, cause: unknown): Failure {
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", message, { cause });
}
