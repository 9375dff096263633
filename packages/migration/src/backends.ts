import { examineCassandraCellStore, migrateCassandraCellStore } from "@millrace/cell-store/cassandra";
import { migrateKafkaTopics } from "@millrace/event-log/kafka";
import { examineCassandraRecordStore, migrateCassandraRecordStore } from "@millrace/record-store/cassandra";

/** A store whose tables are made in Cassandra. */
export type CassandraBackend = {
  /** What it is called for people, such as "the cell store". */
  readonly what: string;
  readonly examine: typeof examineCassandraCellStore;
  readonly migrate: typeof migrateCassandraCellStore;
};

/** What prepares the servers: the backends of the ports, each for itself. */
export type Backends = {
  readonly migrateKafkaTopics: typeof migrateKafkaTopics;
  readonly cassandra: readonly CassandraBackend[];
};

/** Those of this release. */
export const BACKENDS: Backends = {
  migrateKafkaTopics,
  cassandra: [
    { what: "the cell store", examine: examineCassandraCellStore, migrate: migrateCassandraCellStore },
    { what: "the record store", examine: examineCassandraRecordStore, migrate: migrateCassandraRecordStore },
  ],
};
