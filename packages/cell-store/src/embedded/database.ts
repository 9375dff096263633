import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "@millrace/failure";
import { sqliteFailure } from "./sqlite-failure.ts";

const SCHEMA_VERSION = 1;

/*
 * Blocks lie in the order of time first, then of series (see era.ts): a flush of a hundred thousand small projects then
 * writes neighbouring pages, where an order by series would touch a page for each of them. The blobs are outside of the
 * index: measured with blobs of 0.3 to 100 KB, a clustered table wrote a third as many small blocks a second, and read no
 * faster.
 */
const SCHEMA = `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    granularity TEXT NOT NULL,
    family TEXT NOT NULL,
    generation INTEGER NOT NULL,
    UNIQUE (project, granularity, family, generation)
  ) STRICT;
  CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE blocks (
    era INTEGER NOT NULL,
    series INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    source INTEGER NOT NULL,
    wts INTEGER NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (era, series, bucket, slot, source)
  ) STRICT;
  CREATE TABLE states (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    wts INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, source, name)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Opens (creates where there is none) the store's file in a folder, or a store in memory, for this process alone. */
export function openDatabase(directory: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(locate(directory));
    // EXCLUSIVE is set before the first access: the lock is then held until close, and the WAL's index lives on the heap.
    db.exec("PRAGMA page_size = 8192; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
    db.exec("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE");
    createSchema(db);
    db.exec("COMMIT");
    return db;
  } catch (error) {
    db?.close();
    throw sqliteFailure(error, `opening the cell store in ${directory}`);
  }
}

function locate(directory: string): string {
  if (directory === ":memory:") return directory;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure("unavailable", "BACKEND_UNAVAILABLE", `cannot create the folder ${directory}`, { cause });
  }
  return join(directory, "cells.db");
}

function createSchema(db: DatabaseSync): void {
  const version = db.prepare("PRAGMA user_version").get()?.user_version;
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    throw new Failure(
      "precondition",
      "DATA_CORRUPT",
      `cells.db has format ${version}; this version reads ${SCHEMA_VERSION}`,
    );
  }
  db.exec(SCHEMA);
}
