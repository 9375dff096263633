export { type CassandraRecordStoreOptions, openCassandraRecordStore } from "./cassandra-record-store.ts";
export { examineCassandraRecordStore, migrateCassandraRecordStore } from "./schema.ts";
