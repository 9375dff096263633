import {
  type CassandraOptions,
  examineSchema,
  type MigrateOptions,
  migrate,
  type SchemaPart,
  type SchemaState,
} from "@millrace/cassandra";
import { TIERS, type Tier } from "./era.ts";

/**
 * Write times follow the clock of the log, so windows of time hold together what is written together: what expires goes as
 * whole files, never rewritten, where the rows of a window are kept equally long; and most projects keep them for the default.
 * A file that a longer retention holds back is rewritten alone when enough of it has expired. What is kept for ever has no
 * such end, and is rewritten for hours: levels that merge.
 */
const COMPACTION: Readonly<Record<Tier, string>> = {
  "1m": windows(1),
  "15m": windows(14),
  "1h": "{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}",
  "1d": "{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}",
};

/** Makes the tables of the cell store, or adds to them what is missing. */
export async function migrateCassandraCellStore(options: MigrateOptions): Promise<void> {
  await migrate(options, cellStoreSchema);
}

/** How far a cluster is from what the cell store needs. Changes nothing. */
export function examineCassandraCellStore(options: CassandraOptions): Promise<SchemaState> {
  return examineSchema(options, cellStoreSchema, TABLES);
}

/** The tables of the cell store. */
export const cellStoreSchema: SchemaPart = {
  name: "cell_store",
  version: 1,
  statements: (keyspace) => [
    ...TIERS.map((tier) => blockTable(keyspace, tier)),
    ...directoryTables(keyspace),
    `CREATE TABLE IF NOT EXISTS ${keyspace}.states (
      kind text, source text, name text, value blob,
      PRIMARY KEY ((kind), source, name)
    ) WITH read_repair = 'BLOCKING'`,
  ],
};

/** Every table, as the startup checks want them. */
export const TABLES = [...TIERS.map((tier) => `blocks_${tier}`), "eras", "lanes", "states"];

/** Each write says how long its row is kept. */
function blockTable(keyspace: string, tier: Tier): string {
  return `CREATE TABLE IF NOT EXISTS ${keyspace}.blocks_${tier} (
    project text, family text, generation bigint, granularity text, era int, slot int, source text, minute int, cells blob,
    PRIMARY KEY ((project, family, generation, granularity, era, slot, source), minute)
  ) WITH read_repair = 'BLOCKING' AND compaction = ${COMPACTION[tier]}`;
}

/** Which eras a series has blocks in, and in which lanes: so that a scan asks for the partitions that are there. */
function directoryTables(keyspace: string): string[] {
  const compaction = "compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}";
  return [
    `CREATE TABLE IF NOT EXISTS ${keyspace}.eras (
      project text, family text, generation bigint, granularity text, era int, kept int,
      PRIMARY KEY ((project, family, generation, granularity), era, kept)
    ) WITH read_repair = 'BLOCKING' AND ${compaction}`,
    `CREATE TABLE IF NOT EXISTS ${keyspace}.lanes (
      project text, family text, generation bigint, granularity text, era int, slot int, source text, kept int,
      PRIMARY KEY ((project, family, generation, granularity, era), slot, source, kept)
    ) WITH read_repair = 'BLOCKING' AND ${compaction}`,
  ];
}

function windows(days: number): string {
  const window = `'compaction_window_unit': 'DAYS', 'compaction_window_size': ${days}`;
  const expired = "'tombstone_threshold': 0.3, 'unchecked_tombstone_compaction': true";
  return `{'class': 'TimeWindowCompactionStrategy', ${window}, ${expired}}`;
}
