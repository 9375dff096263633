export { type CassandraCellStoreOptions, openCassandraCellStore } from "./cassandra-cell-store.ts";
export { migrateCassandraCellStore } from "./schema.ts";
