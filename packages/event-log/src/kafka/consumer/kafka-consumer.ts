import { Failure } from "@millrace/failure";
import { counter } from "@millrace/telemetry";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { Kafka } from "kafkajs";
import type { CallOptions, EventConsumer, GroupHandler, GroupMember, LogRecord } from "../../event-log.ts";
import { groupIdOf } from "../group-id.ts";
import { ClusterLink } from "./cluster-link.ts";
import { KafkaGroupMember, type MemberProgress } from "./group-member.ts";
import { LogClock } from "./log-clock.ts";
import { PartitionOffsets } from "./partition-offsets.ts";
import { readPartition } from "./partition-reader.ts";

const DEFAULT_BATCH_BYTES = 4 << 20;

/** What a {@link KafkaConsumer} takes. */
export type KafkaConsumerOptions = {
  readonly kafka: Kafka;
  readonly topic: string;
  /** How many partitions the topic has; all of them are shared out. */
  readonly partitions: number;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Where measurements go. */
  readonly meter?: Meter | undefined;
  /** After how much silence the group gives a member's partitions to others, in milliseconds; 30,000 by default. */
  readonly sessionTimeoutMs?: number;
  /** How often a member says that it is there, and hears that the group changes; a tenth of the session, 1 s at most. */
  readonly heartbeatMs?: number;
  /** How long members have to join again when the group changes; handlers are not waited for. 60,000 by default. */
  readonly rebalanceTimeoutMs?: number;
  /** How far this machine's clock may be ahead of the brokers' clocks; 1,000 by default. */
  readonly clockSkewMs?: number;
  /** After how long without any movement a member is declared stuck; 120,000 by default. */
  readonly stuckMs?: number;
  /** This machine's clock, in epoch milliseconds; the system's by default. */
  readonly clock?: () => number;
};

/** The reading side of the event log on Kafka. */
export class KafkaConsumer implements EventConsumer {
  readonly #options: KafkaConsumerOptions;
  readonly #link: ClusterLink;
  readonly #offsets: PartitionOffsets;
  readonly #clock: LogClock;
  readonly #members = new Set<KafkaGroupMember>();
  #closed: Promise<void> | undefined;

  constructor(options: KafkaConsumerOptions) {
    this.#options = options;
    this.#link = new ClusterLink(options.kafka, options.topic);
    this.#offsets = new PartitionOffsets(this.#link, options.topic);
    this.#clock = new LogClock(options.clockSkewMs ?? 1000, options.clock ?? Date.now);
  }

  /** Connects to the leaders of all partitions, so that what is asked next is answered at once. */
  async connect(): Promise<void> {
    this.#checkOpen();
    await this.#offsets.boundsOf(Array.from({ length: this.#options.partitions }, (_, partition) => partition));
  }

  async join(
    group: string,
    handler: GroupHandler,
    options?: { readonly maxBatchBytes?: number },
  ): Promise<GroupMember> {
    this.#checkOpen();
    const sessionTimeoutMs = this.#options.sessionTimeoutMs ?? 30_000;
    const rebalances = counter(this.#options.meter ?? createNoopMeter(), "millrace.event_log.kafka.rebalances");
    const member = new KafkaGroupMember({
      ...this.#options,
      group: this.#groupId(group),
      rebalanced: () => rebalances.add(1, { "messaging.consumer.group.name": group }),
      handler,
      maxBatchBytes: options?.maxBatchBytes ?? DEFAULT_BATCH_BYTES,
      sessionTimeoutMs,
      heartbeatMs: this.#options.heartbeatMs ?? Math.min(1_000, sessionTimeoutMs / 10),
      rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs ?? 60_000,
      stuckMs: this.#options.stuckMs ?? 120_000,
      clock: this.#clock,
    });
    this.#members.add(member);
    const leave = async () => {
      await member.leave();
      this.#members.delete(member);
    };
    try {
      await member.join();
    } catch (error) {
      await leave();
      throw error;
    }
    return { leave };
  }

  async committed(group: string, partition: number, options?: CallOptions): Promise<number> {
    this.#check(partition, options);
    const committed = await this.#offsets.committed(this.#groupId(group), [partition]);
    return Math.max(0, committed.get(partition)!);
  }

  read(partition: number, fromOffset: number, options?: CallOptions): AsyncIterable<readonly LogRecord[]> {
    this.#check(partition, options);
    // Asked now: records that are appended later are not part of it.
    const bounds = this.#offsets.bounds(partition);
    bounds.catch(() => undefined);
    const { kafka, topic } = this.#options;
    return readPartition({
      kafka,
      topic,
      partition,
      fromOffset,
      bounds,
      offsets: this.#offsets,
      signal: options?.signal,
    });
  }

  async bounds(partition: number, options?: CallOptions): Promise<{ readonly first: number; readonly end: number }> {
    this.#check(partition, options);
    return this.#offsets.bounds(partition);
  }

  /** How each member fares. */
  progress(): MemberProgress[] {
    return [...this.#members].map((member) => member.progress());
  }

  /** Leaves every group in good order and disconnects. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.leave()));
    await this.#link.close();
  }

  #groupId(group: string): string {
    return groupIdOf(group, this.#options.topic);
  }

  #check(partition: number, options?: CallOptions): void {
    this.#checkOpen(options);
    const { partitions } = this.#options;
    if (!(Number.isInteger(partition) && partition >= 0 && partition < partitions)) {
      throw Failure.invalidField("partition", `must be 0 to ${partitions - 1}`);
    }
  }

  #checkOpen(options?: CallOptions): void {
    if (this.#closed !== undefined) throw new Failure("unavailable", "CLOSED", "The event log is closed.");
    if (options?.signal?.aborted) {
      throw new Failure("cancelled", "CANCELLED", "The call was cancelled before it began.");
    }
  }
}
