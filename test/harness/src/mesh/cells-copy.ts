import { type CqlRow, connect, inParallel } from "@millrace/cassandra";
import type { Mesh } from "./mesh.ts";

/** The tables of cells, in the order in which they are copied: one after the other, as a snapshot of nodes takes them. */
const TABLES = ["states", "blocks_1d", "blocks_1h", "blocks_15m", "blocks_1m", "lanes", "eras"] as const;
/** What a row holds beside its key; lists of lanes and eras are nothing but keys, in which their time to live stands. */
const VALUES: Readonly<Record<string, string>> = { states: "value", lanes: "", eras: "" };
const WRITES_AT_A_TIME = 64;

type CopiedTable = { readonly table: string; readonly statements: readonly { query: string; params: unknown[] }[] };

/** What the tables of cells of a mesh held at some moment, table after table, with write times and times to live. */
export type CellsCopy = { readonly rows: number; readonly tables: readonly CopiedTable[] };

/** Copies all rows of cells, while whatever writes them goes on. */
export function copyCells(mesh: Mesh): Promise<CellsCopy> {
  return inKeyspace(mesh, async (session) => {
    const tables: CopiedTable[] = [];
    for (const table of TABLES) {
      const value = VALUES[table] ?? "cells";
      const columns = value === "" ? "" : `, WRITETIME(${value}) AS copied_wts, TTL(${value}) AS copied_ttl`;
      const all = await session.read("copying", { query: `SELECT * FROM ${session.keyspace}.${table}`, params: [] });
      const keys = Object.keys(all[0] ?? {});
      const query = `SELECT ${keys.join(", ")}${columns} FROM ${session.keyspace}.${table}`;
      const rows = all.length === 0 ? [] : await session.read("copying", { query, params: [] });
      tables.push({ table, statements: rows.map((row) => insertOf(`${session.keyspace}.${table}`, keys, row)) });
    }
    return { rows: tables.reduce((sum, { statements }) => sum + statements.length, 0), tables };
  });
}

/** Empties the tables of cells and puts a copy back. Nothing may write meanwhile. */
export function putCellsBack(mesh: Mesh, copy: CellsCopy): Promise<void> {
  return inKeyspace(mesh, async (session) => {
    for (const { table, statements } of copy.tables) {
      await session.define("emptying a table", `TRUNCATE ${session.keyspace}.${table}`);
      await inParallel(statements, WRITES_AT_A_TIME, (statement) => session.write("putting rows back", [statement]));
    }
  });
}

function insertOf(table: string, keys: readonly string[], row: CqlRow): { query: string; params: unknown[] } {
  const marks = keys.map(() => "?").join(", ");
  const insert = `INSERT INTO ${table} (${keys.join(", ")}) VALUES (${marks})`;
  const values = keys.map((key) => row[key]);
  if (row["copied_wts"] === undefined) return { query: `${insert} USING TTL ?`, params: [...values, row["kept"]] };
  const params = [...values, row["copied_wts"], row["copied_ttl"] ?? 0];
  return { query: `${insert} USING TIMESTAMP ? AND TTL ?`, params };
}

async function inKeyspace<T>(
  mesh: Mesh,
  work: (session: Awaited<ReturnType<typeof connect>>) => Promise<T>,
): Promise<T> {
  const { place } = mesh;
  const session = await connect({
    contactPoints: place["MILLRACE_CASSANDRA_CONTACT_POINTS"]!.split(","),
    localDataCenter: place["MILLRACE_CASSANDRA_DATA_CENTER"]!,
    keyspace: place["MILLRACE_CASSANDRA_KEYSPACE"]!,
  });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
