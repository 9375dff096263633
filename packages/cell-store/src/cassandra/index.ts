export { type CassandraCellStoreOptions, openCassandraCellStore } from "./cassandra-cell-store.ts";
export { examineCassandraCellStore, migrateCassandraCellStore } from "./schema.ts";
