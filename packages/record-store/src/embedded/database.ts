import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "./sqlite-failure.ts";

const SCHEMA_VERSION = 1;

// A deleted record stays as a row without a value: its version must not begin anew when it is created again.
const SCHEMA = `
  CREATE TABLE records (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB,
    PRIMARY KEY (collection, id)
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Opens (creates where there is none) the store's file in a folder, or a store in memory, for this process alone. */
export function openDatabase(directory: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(locate(directory));
    // EXCLUSIVE is set before the first access: the lock is then held until close.
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    // What is deleted is overwritten: a secret that was forgotten must not be found on the disk.
    db.exec("PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216; BEGIN IMMEDIATE");
    createSchema(db);
    db.exec("COMMIT");
    return db;
  } catch (error) {
    db?.close();
    throw sqliteFailure(error, `opening the record store in ${directory}`);
  }
}

function locate(directory: string): string {
  if (directory === ":memory:") return directory;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure("unavailable", "BACKEND_UNAVAILABLE", `cannot create the folder ${directory}`, { cause });
  }
  return join(directory, "records.db");
}

function createSchema(db: DatabaseSync): void {
  const version = db.prepare("PRAGMA user_version").get()?.user_version;
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    const problem = `records.db has format ${version}; this version reads ${SCHEMA_VERSION}`;
    throw new Failure("precondition", "DATA_CORRUPT", problem);
  }
  db.exec(SCHEMA);
}
