import { Failure } from "@millrace/failure";
import type { Values } from "./parse-environment.ts";
import { durationMs, flag, list, oneOf, path, text } from "./variables.ts";

const HOST_AND_PORT = {
  pattern: /^[^\s,:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/,
  allowed: "host:port, separated by commas",
};

const TOPIC = { pattern: /^[\w.-]{1,200}$/, allowed: 'a topic: 1 to 200 of a-z, A-Z, 0-9, ".", "_" and "-"' };

/** Where Kafka is, to be spread into the table of a service that appends or reads events. */
export const KAFKA_VARIABLES = {
  kafkaBrokers: list({
    name: "MILLRACE_KAFKA_BROKERS",
    required: true,
    form: HOST_AND_PORT,
    doc: "Brokers of Kafka to begin with, such as kafka-1:9092,kafka-2:9092; the rest is learned from them.",
  }),
  kafkaTopic: text({
    name: "MILLRACE_KAFKA_TOPIC",
    default: "millrace.events",
    form: TOPIC,
    doc: "The topic of the events.",
  }),
  kafkaControlTopic: text({
    name: "MILLRACE_KAFKA_CONTROL_TOPIC",
    default: "millrace.control",
    form: TOPIC,
    doc: "The topic that holds what is known of topics: by it a topic that was made anew is told from the one before.",
  }),
  kafkaTls: flag({ name: "MILLRACE_KAFKA_TLS", default: false, doc: "Whether Kafka is spoken to by TLS." }),
  kafkaCaFile: path({
    name: "MILLRACE_KAFKA_CA_FILE",
    doc: "Authorities that vouch for the brokers, in PEM; those of the system where none are given.",
  }),
  kafkaCertificateFile: path({
    name: "MILLRACE_KAFKA_CERTIFICATE_FILE",
    doc: "The certificate that this service shows to Kafka, in PEM, where Kafka asks for one.",
  }),
  kafkaKeyFile: path({ name: "MILLRACE_KAFKA_KEY_FILE", doc: "The private key of that certificate, in PEM." }),
  kafkaSaslMechanism: oneOf(["plain", "scram-sha-256", "scram-sha-512"], {
    name: "MILLRACE_KAFKA_SASL_MECHANISM",
    doc: "How the service logs in at Kafka; it does not, where none is given.",
  }),
  kafkaUsername: text({ name: "MILLRACE_KAFKA_USERNAME", doc: "The user that logs in at Kafka." }),
  kafkaPassword: text({ name: "MILLRACE_KAFKA_PASSWORD", secret: true, doc: "That user's password." }),
};

/** What a service that reads events says of them beside {@link KAFKA_VARIABLES}. */
export const KAFKA_CONSUMER_VARIABLES = {
  kafkaGroup: text({
    name: "MILLRACE_KAFKA_GROUP",
    default: "millrace.processing",
    form: TOPIC,
    doc: "The group of consumers in which processors share the topic's partitions.",
  }),
  kafkaDeadLettersTopic: text({
    name: "MILLRACE_KAFKA_DEAD_LETTERS_TOPIC",
    default: "millrace.dead-letters",
    form: TOPIC,
    doc: "The topic that keeps what could not be processed.",
  }),
  kafkaSessionTimeoutMs: durationMs({
    name: "MILLRACE_KAFKA_SESSION_TIMEOUT_MS",
    default: 30_000,
    min: 6_000,
    max: 300_000,
    doc: "How long a processor may be silent until its partitions go to others; brokers must allow it (6 s to 30 min).",
  }),
};

/** What {@link KAFKA_VARIABLES} say, as the client of Kafka takes it. */
export type KafkaSettings = {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly controlTopic: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  };
};

/** What the variables of Kafka say. Fails with `invalid` where they contradict each other. */
export function kafkaSettingsOf(values: Values<typeof KAFKA_VARIABLES>): KafkaSettings {
  const { kafkaSaslMechanism: mechanism, kafkaUsername: username, kafkaPassword: password } = values;
  if (mechanism !== undefined && (username === undefined || password === undefined)) {
    const problem = "needs MILLRACE_KAFKA_USERNAME and MILLRACE_KAFKA_PASSWORD";
    throw Failure.invalidField("MILLRACE_KAFKA_SASL_MECHANISM", problem);
  }
  const { kafkaCaFile: caFile, kafkaCertificateFile: certFile, kafkaKeyFile: keyFile } = values;
  const tls = { ...(caFile && { caFile }), ...(certFile && { certFile }), ...(keyFile && { keyFile }) };
  return {
    brokers: values.kafkaBrokers,
    topic: values.kafkaTopic,
    controlTopic: values.kafkaControlTopic,
    ...(values.kafkaTls && { tls }),
    ...(mechanism && { sasl: { mechanism, username: username!, password: password! } }),
  };
}
