import type { Kafka, Message, Producer, RecordMetadata } from "kafkajs";
import type { KafkaLog } from "../kafka-options.ts";

/**
 * An idempotent kafkajs producer sends one batch at a time to each broker, so that one alone would wait for the network most
 * of the time. Partitions are shared among so many.
 */
const LANES = 8;

/** What {@link Producers} is made of. */
export type ProducersOptions = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partitions: number;
  /** How long the broker may wait for followers, in milliseconds; less than the client waits for the broker. */
  readonly acknowledgeWithinMs: number;
  readonly log: KafkaLog;
  /** Called when a producer is given up for another one. */
  readonly renewed: () => void;
};

/** The producers that the partitions of a topic share; each partition always uses that of its lane. */
export class Producers {
  readonly #options: ProducersOptions;
  readonly #lanes: (PartitionProducer | undefined)[];
  readonly #ending = new Set<Promise<void>>();

  constructor(options: ProducersOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: Math.min(LANES, options.partitions) }, () => undefined);
  }

  /** The producer to begin a batch with; `release` or `retire` it when the batch is over. */
  lease(partition: number): PartitionProducer {
    const lane = partition % this.#lanes.length;
    const producer = this.#lanes[lane] ?? this.#make(lane);
    producer.users++;
    return producer;
  }

  /** Disconnects everything. Those still in use go with their last batch. */
  async close(): Promise<void> {
    for (const producer of this.#lanes) producer?.end();
    await Promise.all(this.#ending);
  }

  #make(lane: number): PartitionProducer {
    const { renewed, log } = this.#options;
    const producer = new PartitionProducer(this.#options, {
      retired: () => {
        if (this.#lanes[lane] === producer) this.#lanes[lane] = undefined;
        renewed();
      },
      disconnecting: (disconnected) => {
        const ending = disconnected
          .catch((error: unknown) => log.debug({ error }, "kafka: a producer did not disconnect in good order"))
          .finally(() => this.#ending.delete(ending));
        this.#ending.add(ending);
      },
    });
    this.#lanes[lane] = producer;
    return producer;
  }
}

/**
 * A kafkajs producer that makes one attempt at a time and leaves all else to the caller. Its id lets the broker recognise a
 * batch that it has already; so a batch is repeated by the producer that sent it first, and a producer with a batch of
 * unknown outcome sends nothing else in that partition.
 */
export class PartitionProducer {
  /** How many batches are under way. */
  users = 0;
  readonly #options: ProducersOptions;
  readonly #events: { readonly retired: () => void; readonly disconnecting: (end: Promise<void>) => void };
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;
  #isRetired = false;
  #isEnded = false;

  constructor(
    options: ProducersOptions,
    events: { readonly retired: () => void; readonly disconnecting: (end: Promise<void>) => void },
  ) {
    this.#options = options;
    this.#events = events;
    this.#producer = options.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // The partition is always given. kafkajs's own choice would answer for a partition that it does not know.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? -1,
      // One attempt: NaN is the one number that kafkajs takes from an idempotent producer and that no count is below.
      retry: { retries: Number.NaN },
    });
  }

  /** Makes one attempt to store a batch, and settles when that is over. */
  async send(messages: Message[]): Promise<RecordMetadata[]> {
    await this.#connect();
    const { topic, acknowledgeWithinMs: timeout } = this.#options;
    return this.#producer.send({ topic, messages, acks: -1, timeout });
  }

  /** The batch is over; the producer may be used for another one. */
  release(): void {
    this.users--;
    this.#endIfUnused();
  }

  /** The batch is over, and the producer must begin no other one. Batches of other partitions are finished by it. */
  retire(): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.retired();
    }
    this.release();
  }

  /** Disconnects as soon as no batch is under way. */
  end(): void {
    this.#isRetired = true;
    this.#endIfUnused();
  }

  #connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  #endIfUnused(): void {
    if (!this.#isRetired || this.#isEnded || this.users > 0) return;
    this.#isEnded = true;
    this.#events.disconnecting(this.#producer.disconnect());
  }
}
