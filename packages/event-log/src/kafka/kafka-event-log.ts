import { Failure } from "@millrace/failure";
import type {
  AppendOptions,
  AppendResult,
  CallOptions,
  EventAppender,
  EventConsumer,
  EventLog,
  GroupHandler,
  GroupMember,
  LogRecord,
} from "../event-log.ts";
import { KafkaAppender } from "./appender/kafka-appender.ts";
import { connectKafka } from "./connection.ts";
import { KafkaConsumer } from "./consumer/kafka-consumer.ts";
import { CONTROL_TOPIC, EVENTS_TOPIC, type KafkaOptions } from "./kafka-options.ts";
import { type OpenedTopic, openTopic } from "./topics/open-topic.ts";

const APPEND_DEADLINE_MS = 15_000;
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** An attempt takes a third of an append's time at most, so that there is a second one. */
const ATTEMPTS_IN_DEADLINE = 3;
const MIN_REQUEST_TIMEOUT_MS = 1_000;

/** What every opened log has beside its sides. */
type Opened = Pick<EventLog, "ready" | "close">;

/** The side of a topic that writes. */
export type OpenedAppender = EventAppender & Opened;

/** The side of a topic that reads, and which topic it is. */
export type OpenedConsumer = EventConsumer & Opened & OpenedTopic;

/**
 * Opens a topic for writing and reading.
 *
 * @throws Failure `precondition`, saying what to do, where `millrace migrate` has not prepared the topic or it isn't the same
 *   any more, or where the brokers refuse who asks; `unavailable` where Kafka can't be reached; `invalid` for options
 */
export async function openKafkaEventLog(options: KafkaOptions): Promise<EventLog> {
  return connected(await openParts(options));
}

/** As {@link openKafkaEventLog}, for those who only write: it joins no group. */
export async function openKafkaAppender(options: KafkaOptions): Promise<OpenedAppender> {
  const parts = await openParts(options);
  return new KafkaEventLog(appenderOf(parts), consumerOf(parts));
}

/** As {@link openKafkaEventLog}, for those who only read: it makes no producer. */
export async function openKafkaConsumer(options: KafkaOptions): Promise<OpenedConsumer> {
  return connected(await openParts(options));
}

type Parts = OpenedTopic & { readonly options: KafkaOptions; readonly topic: string };

async function openParts(options: KafkaOptions): Promise<Parts> {
  const { topic = EVENTS_TOPIC, controlTopic = CONTROL_TOPIC, log } = options;
  const opened = await openTopic({ kafka: connectKafka(options), controlTopic, log }, topic);
  return { ...opened, options, topic };
}

async function connected(parts: Parts): Promise<KafkaEventLog> {
  const consumer = consumerOf(parts);
  try {
    // So that reading asks for the end at the moment of the call, not when connections are there.
    await consumer.connect();
  } catch (error) {
    await consumer.close();
    throw error;
  }
  return new KafkaEventLog(appenderOf(parts), consumer);
}

function appenderOf({ options, topic, generation, partitions }: Parts): KafkaAppender {
  const { appendDeadlineMs = APPEND_DEADLINE_MS, maxQueuedBytes = MAX_QUEUED_BYTES, log, meter } = options;
  const requestTimeoutMs = Math.max(MIN_REQUEST_TIMEOUT_MS, Math.ceil(appendDeadlineMs / ATTEMPTS_IN_DEADLINE));
  return new KafkaAppender({
    kafka: connectKafka({ ...options, requestTimeoutMs }),
    topic,
    generation,
    partitions,
    appendDeadlineMs,
    // A broker that gives up waiting for followers still has time to say so.
    acknowledgeWithinMs: Math.ceil(0.8 * requestTimeoutMs),
    maxQueuedBytes,
    log,
    meter,
  });
}

function consumerOf({ options, topic, partitions }: Parts): KafkaConsumer {
  const { log, meter, sessionTimeoutMs } = options;
  const session = sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs };
  return new KafkaConsumer({ kafka: connectKafka(options), topic, partitions, log, meter, ...session });
}

/** The two sides of a topic. Neither connects before it is used. */
class KafkaEventLog implements EventLog {
  readonly generation: number;
  readonly partitions: number;
  readonly maxRecordBytes: number;
  readonly #appender: KafkaAppender;
  readonly #consumer: KafkaConsumer;
  #closed: Promise<void> | undefined;

  constructor(appender: KafkaAppender, consumer: KafkaConsumer) {
    this.#appender = appender;
    this.#consumer = consumer;
    this.generation = appender.generation;
    this.partitions = appender.partitions;
    this.maxRecordBytes = appender.maxRecordBytes;
  }

  append(partition: number, value: Uint8Array, options?: AppendOptions): Promise<AppendResult> {
    return this.#appender.append(partition, value, options);
  }

  join(group: string, handler: GroupHandler, options?: { readonly maxBatchBytes?: number }): Promise<GroupMember> {
    return this.#consumer.join(group, handler, options);
  }

  committed(group: string, partition: number, options?: CallOptions): Promise<number> {
    return this.#consumer.committed(group, partition, options);
  }

  read(partition: number, fromOffset: number, options?: CallOptions): AsyncIterable<readonly LogRecord[]> {
    return this.#consumer.read(partition, fromOffset, options);
  }

  bounds(partition: number, options?: CallOptions): Promise<{ readonly first: number; readonly end: number }> {
    return this.#consumer.bounds(partition, options);
  }

  /** Asks the leader of one partition. */
  async ready(options?: CallOptions): Promise<void> {
    const signal = options?.signal;
    const bounds = this.#consumer.bounds(0, options);
    await (signal === undefined ? bounds : Promise.race([bounds, aborted(signal)]));
  }

  /** Members leave while they can still append, such as dead letters; then what was appended is answered. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#consumer.close();
      await this.#appender.close();
    })();
    return this.#closed;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () =>
      reject(new Failure("cancelled", "CANCELLED", "The call was cancelled.", { cause: signal.reason }));
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
  });
}
