export { type CassandraCellStoreOptions, openCassandraCellStore } from "./cassandra-cell-store.ts";
export { BUCKETS_PER_ERA, eraMinutes, tierOf } from "./era.ts";
export { examineCassandraCellStore, migrateCassandraCellStore } from "./schema.ts";
