import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "@millrace/failure";
import { expect, it, onTestFinished } from "vitest";
import { type OpenOptions, openSqlite } from "./open-sqlite.ts";
import { sqliteFailure } from "./sqlite-failure.ts";

const schema = { version: 1, sql: "CREATE TABLE things (name TEXT)" };

function place(): OpenOptions {
  const directory = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return { directory, fileName: "things.db", what: "the store of things", schema };
}

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

it("makes the tables once, and finds what was committed", () => {
  const options = { ...place(), pageBytes: 8192, pragmas: "PRAGMA temp_store = MEMORY" };
  const first = openSqlite(options);
  first.exec("INSERT INTO things VALUES ('a')");
  first.close();
  const again = openSqlite(options);
  expect(again.prepare("SELECT name FROM things").all()).toEqual([{ name: "a" }]);
  expect(again.prepare("PRAGMA page_size").get()).toEqual({ page_size: 8192 });
  expect(again.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  again.close();
});

it("lets one opener in at a time", () => {
  const options = place();
  const first = openSqlite(options);
  const message = `opening the store of things in ${options.directory} failed: the data directory is in use by another process`;
  expect(failureOf(() => openSqlite(options))).toMatchObject({ kind: "unavailable", message });
  first.close();
  openSqlite(options).close();
});

it("refuses another format, a damaged file, and a folder that can't be made", () => {
  const options = place();
  openSqlite(options).close();
  const newer = { ...options, schema: { ...schema, version: 2 } };
  const message = "things.db has format 1; this version reads 2";
  expect(failureOf(() => openSqlite(newer))).toMatchObject({ kind: "precondition", message });
  const damaged = place();
  writeFileSync(join(damaged.directory, damaged.fileName), "x".repeat(4096));
  expect(failureOf(() => openSqlite(damaged))).toMatchObject({ kind: "corrupt", reason: "DATA_CORRUPT" });
  const inFile = { ...options, directory: join(options.directory, options.fileName, "below") };
  expect(failureOf(() => openSqlite(inFile))).toMatchObject({ kind: "unavailable" });
});

it("says what a failing disk means to the caller, and never in SQLite's words", () => {
  const ioError = Object.assign(new Error("disk I/O error"), { errcode: 10 + 256 });
  expect(sqliteFailure(ioError, "reading it")).toMatchObject({ kind: "unavailable", cause: ioError });
  const failure = sqliteFailure(ioError, "writing to it", "unknownOutcome");
  expect(failure).toMatchObject({ kind: "unknownOutcome", message: "writing to it failed: the disk failed" });
  const full = Object.assign(new Error("full"), { errcode: 13 });
  expect(sqliteFailure(full, "writing to it", "unknownOutcome")).toMatchObject({ kind: "unavailable" });
  expect(sqliteFailure(new TypeError("a defect"), "it")).toMatchObject({ kind: "internal", message: "it failed" });
  const known = new Failure("stale", "DATA_CORRUPT", "known");
  expect(sqliteFailure(known, "it")).toBe(known);
});
