import { type MigrateOptions, migrate, type SchemaPart } from "@millrace/cassandra";
import { Failure } from "@millrace/failure";
import { TIERS, type Tier } from "./era.ts";

/** Where the tables are made, and how long their rows stay. */
export type CellStoreMigration = MigrateOptions & {
  /**
   * The longest retention that any project has, in days, by granularity; 0 is for ever. Default: 7 for 1m, 396 for 15m.
   * Rows stay for 14 days more, so that a fold that lags never finds a block gone that it would add to.
   */
  readonly retentionDays?: Partial<Readonly<Record<Tier, number>>>;
};

/** Rows stay this much longer than anybody reads them. */
const GRACE_DAYS = 14;
const DEFAULT_RETENTION_DAYS: Readonly<Record<Tier, number>> = { "1m": 7, "15m": 396, "1h": 0, "1d": 0 };
const DAY_SECONDS = 86_400;
// Cassandra keeps no row for more than twenty years.
const MAX_RETENTION_DAYS = 7_300 - GRACE_DAYS;

/**
 * Write times follow the clock of the log, so windows of time hold together what is written together: what expires goes as
 * whole files, never rewritten. What is kept for ever has no such end, and is rewritten for hours: levels that merge.
 */
const COMPACTION: Readonly<Record<Tier, string>> = {
  "1m": windows(1),
  "15m": windows(14),
  "1h": "{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}",
  "1d": "{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}",
};

/** Makes the tables of the cell store, or brings them up to date; retentions that changed hold for what is written from then on. */
export async function migrateCassandraCellStore(options: CellStoreMigration): Promise<void> {
  await migrate(options, cellStoreSchema(options.retentionDays));
}

/** The tables of the cell store. */
export function cellStoreSchema(retentionDays: CellStoreMigration["retentionDays"] = {}): SchemaPart {
  const ttl = (tier: Tier) => ttlSeconds(tier, retentionDays[tier] ?? DEFAULT_RETENTION_DAYS[tier]);
  return {
    name: "cell_store",
    version: 1,
    statements: (keyspace) => [
      ...TIERS.flatMap((tier) => blockTable(keyspace, tier, ttl(tier))),
      ...directoryTables(keyspace),
      `CREATE TABLE IF NOT EXISTS ${keyspace}.states (
        kind text, source text, name text, value blob,
        PRIMARY KEY ((kind), source, name)
      ) WITH read_repair = 'BLOCKING'`,
    ],
  };
}

/** Every table, as the startup checks want them. */
export const TABLES = [...TIERS.map((tier) => `blocks_${tier}`), "eras", "lanes", "states"];

function blockTable(keyspace: string, tier: Tier, ttl: number): string[] {
  const table = `${keyspace}.blocks_${tier}`;
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (
      project text, family text, generation bigint, granularity text, era int, slot int, source text, minute int, cells blob,
      PRIMARY KEY ((project, family, generation, granularity, era, slot, source), minute)
    ) WITH read_repair = 'BLOCKING' AND default_time_to_live = ${ttl} AND compaction = ${COMPACTION[tier]}`,
    `ALTER TABLE ${table} WITH default_time_to_live = ${ttl}`,
  ];
}

/** Which eras a series has blocks in, and in which lanes: so that a scan asks for the partitions that are there. */
function directoryTables(keyspace: string): string[] {
  const compaction = "compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}";
  return [
    `CREATE TABLE IF NOT EXISTS ${keyspace}.eras (
      project text, family text, generation bigint, granularity text, era int,
      PRIMARY KEY ((project, family, generation, granularity), era)
    ) WITH read_repair = 'BLOCKING' AND ${compaction}`,
    `CREATE TABLE IF NOT EXISTS ${keyspace}.lanes (
      project text, family text, generation bigint, granularity text, era int, slot int, source text,
      PRIMARY KEY ((project, family, generation, granularity, era), slot, source)
    ) WITH read_repair = 'BLOCKING' AND ${compaction}`,
  ];
}

function windows(days: number): string {
  return `{'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': ${days}}`;
}

function ttlSeconds(tier: Tier, days: number): number {
  if (!Number.isInteger(days) || days < 0 || days > MAX_RETENTION_DAYS) {
    const allowed = `allowed are whole days from 0 (for ever) to ${MAX_RETENTION_DAYS}`;
    throw Failure.invalidField("retention_days", `is ${days} for ${tier}; ${allowed}`);
  }
  return days === 0 ? 0 : (days + GRACE_DAYS) * DAY_SECONDS;
}
