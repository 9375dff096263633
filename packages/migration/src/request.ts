import type { Environment } from "@millrace/runtime";

/** The servers that can be prepared. */
export const TARGETS = ["kafka", "cassandra"] as const;

/** One of the servers that can be prepared. */
export type Target = (typeof TARGETS)[number];

/** What is to be prepared, and how. */
export type MigrationRequest = {
  /** Says where the servers are, by the variables that services have. */
  readonly environment: Environment;
  /** Which servers. All by default. */
  readonly targets?: readonly Target[];
  /** True: looks at everything and changes nothing. */
  readonly check?: boolean;
  /** Unsafe settings that are wanted, by the names that findings give them. */
  readonly allow?: readonly string[];
  /** True: topics that were made anew, or have other partitions than before, begin a new generation. */
  readonly newGeneration?: boolean;
  /** Partitions of a topic of events that is made; counted from 1. */
  readonly partitions?: number;
  /** Replicas of what is made: topics, and each row of Cassandra in the local data centre; from 1. */
  readonly replicas?: number;
  readonly signal?: AbortSignal;
};
