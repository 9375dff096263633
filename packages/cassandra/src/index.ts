export { type CassandraOptions, checkKeyspace, connect } from "./connect.ts";
export { examineSchema, type SchemaState } from "./examine-schema.ts";
export { cancelled, cassandraFailure } from "./failure.ts";
export { inParallel } from "./in-parallel.ts";
export { awaitSchema, type MigrateOptions, migrate, type SchemaPart } from "./migrate.ts";
export { pause } from "./pause.ts";
export { CassandraSession, type CqlRow, type Statement } from "./session.ts";
export { checkCluster } from "./startup-checks.ts";
