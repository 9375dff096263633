export { type CassandraRecordStoreOptions, openCassandraRecordStore } from "./cassandra-record-store.ts";
export { migrateCassandraRecordStore } from "./schema.ts";
