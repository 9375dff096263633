import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Failure } from "@millrace/failure";
import { Kafka, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from "kafkajs";
import { mendIdleLoop } from "./idle-loop.ts";
import type { KafkaConnectionOptions, KafkaLog, KafkaSasl, KafkaTls } from "./kafka-options.ts";

const CONNECTION_TIMEOUT_MS = 3_000;
const AUTHENTICATION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** Fields of kafkajs's lines that are passed on; others may hold payloads. */
const LOGGED_FIELDS = ["broker", "clientId", "error", "groupId", "memberId", "retryCount", "retryTime", "topic"];

/** A client for the brokers. It connects when it is used; nothing of it needs to be closed. */
export function connectKafka(options: KafkaConnectionOptions): Kafka {
  mendIdleLoop();
  return new Kafka(kafkaConfigOf(options));
}

/** What kafkajs is told. Every wait and every number of attempts is bounded. */
export function kafkaConfigOf(options: KafkaConnectionOptions): KafkaConfig {
  const ssl = options.tls === undefined ? {} : { ssl: tlsOf(options.tls) };
  const sasl = options.sasl === undefined ? {} : { sasl: saslOf(options.sasl) };
  return {
    brokers: checkBrokers(options.brokers),
    clientId: options.clientId ?? "millrace",
    ...ssl,
    ...sasl,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => passOn(entry, options.log),
  };
}

function checkBrokers(brokers: readonly string[]): string[] {
  if (brokers.length === 0) throw Failure.invalidField("kafka.brokers", "must name at least one broker, as host:port");
  const wrong = brokers.find((broker) => !/^(\[[0-9a-fA-F:]+\]|[^\s:,[\]]+):\d{1,5}$/.test(broker));
  if (wrong === undefined) return [...brokers];
  throw Failure.invalidField("kafka.brokers", `"${wrong}" is not an address such as kafka-0:9092`);
}

/** An object of its own: kafkajs keeps in it what it made of the password. */
function saslOf({ mechanism, username, password }: KafkaSasl): SASLOptions {
  return { mechanism, username, password } as SASLOptions;
}

function tlsOf(tls: KafkaTls): ConnectionOptions {
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    throw Failure.invalidField("kafka.tls", "a certificate and its key go together; give both files or none");
  }
  const ca = tls.caFile === undefined ? {} : { ca: readPem("caFile", tls.caFile) };
  const own =
    tls.certFile === undefined || tls.keyFile === undefined
      ? {}
      : { cert: readPem("certFile", tls.certFile), key: readPem("keyFile", tls.keyFile) };
  const name = tls.serverName === undefined ? {} : { servername: tls.serverName };
  return { ...ca, ...own, ...name, minVersion: "TLSv1.2" };
}

function readPem(field: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Failure("invalid", "FIELD_INVALID", `kafka.tls.${field}: ${path} can't be read`, { cause });
  }
  if (text.includes("-----BEGIN ")) return text;
  throw Failure.invalidField(`kafka.tls.${field}`, `${path} holds no PEM`);
}

/** kafkajs calls an error what is tried again; our own code says what failed in the end. */
function passOn({ namespace, level, log: { message, ...extra } }: LogEntry, log: KafkaLog): void {
  const fields: Record<string, unknown> = { kafka: namespace };
  for (const name of LOGGED_FIELDS) if (extra[name] !== undefined) fields[name] = extra[name];
  if (level === logLevel.ERROR || level === logLevel.WARN) log.warn(fields, `kafka: ${message}`);
  else log.debug(fields, `kafka: ${message}`);
}
