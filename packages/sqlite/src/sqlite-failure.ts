import { Failure } from "@millrace/failure";

// Primary result codes, https://sqlite.org/rescode.html
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/**
 * The Failure for what SQLite threw; its own text goes into `cause` only. Failures pass through, and what is no error of
 * SQLite's is a defect: `internal`.
 *
 * @param doing what failed, for people: "writing to the cell store"
 * @param ofDisk what a failing disk comes to: `unknownOutcome` where a write that may have been made matters
 */
export function sqliteFailure(
  error: unknown,
  doing: string,
  ofDisk: "unavailable" | "unknownOutcome" = "unavailable",
): Failure {
  if (error instanceof Failure) return error;
  const cause = error;
  switch (primaryCode(error)) {
    case undefined:
      return new Failure("internal", "INTERNAL", `${doing} failed`, { cause });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new Failure("corrupt", "DATA_CORRUPT", `${doing} failed: the file is damaged`, { cause });
    case BUSY:
    case LOCKED:
      return unavailable(`${doing} failed: the data directory is in use by another process`, cause);
    case FULL:
      return unavailable(`${doing} failed: the disk is full`, cause);
    case IO_ERROR:
      return new Failure(ofDisk, "BACKEND_UNAVAILABLE", `${doing} failed: the disk failed`, { cause });
    default:
      return unavailable(`${doing} failed: the file cannot be read or written`, cause);
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
