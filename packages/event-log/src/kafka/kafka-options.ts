import type { Meter } from "@opentelemetry/api";

/** Where lines for the people who run it go; a pino logger is one. */
export type KafkaLog = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** How connections are encrypted. Files are read when the log is opened; all are PEM. */
export type KafkaTls = {
  /** Who may have signed the brokers' certificates; by default, whom Node trusts. */
  readonly caFile?: string;
  /** Our own certificate, where brokers ask for one; with `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the brokers' certificates must have; by default, that of the address. */
  readonly serverName?: string;
};

/** Who we are to the brokers. */
export type KafkaSasl = {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
};

/** How Kafka is reached. */
export type KafkaConnectionOptions = {
  /** host:port of some brokers, the others are learned from them; several, since one may be away. */
  readonly brokers: readonly string[];
  /** What brokers call us in their logs and quotas; "millrace" by default. */
  readonly clientId?: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  /** How long a broker may take to answer, in milliseconds, where a request has no time of its own; 10,000 by default. */
  readonly requestTimeoutMs?: number;
  readonly log: KafkaLog;
};

/** Which log is opened, and how. */
export type KafkaOptions = KafkaConnectionOptions & {
  /** The topic; {@link EVENTS_TOPIC} by default. `migrateKafkaTopics` makes it. */
  readonly topic?: string;
  /** The topic with the generations of topics; {@link CONTROL_TOPIC} by default. */
  readonly controlTopic?: string;
  /** Where measurements of the client go. */
  readonly meter?: Meter;
  /**
   * How long an append may take in all, in milliseconds; 15,000 by default. One that is not clear by then fails with
   * `unknownOutcome`, one that can't have been sent with `unavailable`.
   */
  readonly appendDeadlineMs?: number;
  /** How many bytes may wait to be acknowledged; beyond, appends fail with `exhausted`. 64 MiB by default. */
  readonly maxQueuedBytes?: number;
  /** After how many milliseconds of silence a group gives a member's partitions to others; 30,000 by default. */
  readonly sessionTimeoutMs?: number;
};

/** Where events are. */
export const EVENTS_TOPIC = "millrace.events";
/** Where that is put which could not be processed. */
export const DEAD_LETTERS_TOPIC = "millrace.dead-letters";
/** What is known of topics: compacted, one partition. */
export const CONTROL_TOPIC = "millrace.control";

/** The largest value of a record, in bytes: twice what an EventBatch may have. */
export const MAX_RECORD_BYTES = 2 * 1024 * 1024;
