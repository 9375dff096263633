import type { DatabaseSync } from "node:sqlite";
import { openSqlite } from "@millrace/sqlite";

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
`;

const PRAGMAS = `
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -65536;
  PRAGMA temp_store = MEMORY
`;

/** Opens (creates where there is none) the store's file in a folder, or a store in memory, for this process alone. */
export function openDatabase(directory: string): DatabaseSync {
  return openSqlite({
    directory,
    fileName: "cells.db",
    what: "the cell store",
    pageBytes: 8192,
    pragmas: PRAGMAS,
    schema: { version: SCHEMA_VERSION, sql: SCHEMA },
  });
}
