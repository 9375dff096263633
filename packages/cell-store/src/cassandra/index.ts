export { type CassandraCellStoreOptions, openCassandraCellStore } from "./cassandra-cell-store.ts";
export { type CellStoreMigration, migrateCassandraCellStore } from "./schema.ts";
