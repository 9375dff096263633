import type { DatabaseSync } from "node:sqlite";
import { openSqlite } from "@millrace/sqlite";

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
`;

// What is deleted is overwritten: a secret that was forgotten must not be found on the disk.
const PRAGMAS = "PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216";

/** Opens (creates where there is none) the store's file in a folder, or a store in memory, for this process alone. */
export function openDatabase(directory: string): DatabaseSync {
  return openSqlite({
    directory,
    fileName: "records.db",
    what: "the record store",
    pragmas: PRAGMAS,
    schema: { version: SCHEMA_VERSION, sql: SCHEMA },
  });
}
