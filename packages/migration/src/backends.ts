import { examineCassandraCellStore, migrateCassandraCellStore } from "@millrace/cell-store/cassandra";
import {
  appendTimes,
  commitGroupOffsets,
  migrateKafkaTopics,
  offsetsAtTime,
  readGroupOffsets,
} from "@millrace/event-log/kafka";
import { examineCassandraRecordStore, migrateCassandraRecordStore } from "@millrace/record-store/cassandra";

export type { GroupOffsets, KafkaOptions } from "@millrace/event-log/kafka";

/** What knows the offsets of a group, and moves them. */
export const OFFSETS = { appendTimes, commitGroupOffsets, offsetsAtTime, readGroupOffsets };

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
