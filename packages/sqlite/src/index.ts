export { type OpenOptions, openSqlite } from "./open-sqlite.ts";
export { sqliteFailure } from "./sqlite-failure.ts";
