import {
  type CassandraOptions,
  examineSchema,
  type MigrateOptions,
  migrate,
  type SchemaPart,
  type SchemaState,
} from "@millrace/cassandra";

/** The table of records. */
export const TABLE = "records";

/**
 * Records are spread over shards by their names. A shard is one partition: a change of a record, the number of the change
 * and the notice of it are one transaction. Notices are rows of the collection "", which no record can have; their ids are
 * the numbers of the changes.
 */
export const recordStoreSchema: SchemaPart = {
  name: "record_store",
  version: 1,
  statements: (keyspace) => [
    `CREATE TABLE IF NOT EXISTS ${keyspace}.${TABLE} (
      shard int, collection text, id text, version bigint, live boolean, value blob, attempt text,
      of_collection text, of_id text, changes bigint static,
      PRIMARY KEY ((shard), collection, id)
    ) WITH read_repair = 'BLOCKING' AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}`,
  ],
};

/** Makes the tables of the record store, or brings them up to date. */
export async function migrateCassandraRecordStore(options: MigrateOptions): Promise<void> {
  await migrate(options, recordStoreSchema);
}

/** How far a cluster is from what the record store needs. Changes nothing. */
export function examineCassandraRecordStore(options: CassandraOptions): Promise<SchemaState> {
  return examineSchema(options, recordStoreSchema, [TABLE]);
}
