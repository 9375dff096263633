import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "@millrace/failure";
import type { Admin } from "kafkajs";
import { connectKafka } from "../connection.ts";
import { protocolErrorOf, rootOf } from "../kafka-failure.ts";
import { CONTROL_TOPIC, DEAD_LETTERS_TOPIC, EVENTS_TOPIC, type KafkaConnectionOptions } from "../kafka-options.ts";
import { type ControlTopic, readTopicRecords, type TopicRecord, writeTopicRecord } from "./generations.ts";
import {
  allowedSettings,
  settingsOf,
  type TopicDesign,
  type TopicState,
  type UnsafeFinding,
  unsafeFindings,
} from "./topic-settings.ts";
import { describeTopic, topicState, withAdmin } from "./topic-states.ts";

const DAY_MS = 86_400_000;
const PARTITIONS = 64;
const MAX_PARTITIONS = 1024;
const DEAD_LETTER_PARTITIONS = 8;
const VISIBLE_WITHIN_MS = 15_000;

/** Where Kafka is, and what its topics are called. */
export type KafkaMigrationOptions = KafkaConnectionOptions & {
  readonly topic?: string;
  readonly deadLettersTopic?: string;
  readonly controlTopic?: string;
};

/** How topics are wanted. */
export type KafkaTopicsPlan = {
  /** Partitions of the topic of events where it is made, 1 to 1024; 64 by default. Given for a topic that exists, it must agree. */
  readonly partitions?: number;
  /** Replicas of what is made; 3 by default. */
  readonly replicationFactor?: number;
  /** How long events are kept; 7 days by default. */
  readonly retentionMs?: number;
  /** How long dead letters are kept; 30 days by default. */
  readonly deadLetterRetentionMs?: number;
  /** Unsafe settings that are wanted, by name. */
  readonly allow?: readonly string[];
  /** True: topics that were made anew, or have other partitions than before, begin a new generation. */
  readonly newGeneration?: boolean;
  /** True: looks at everything, and changes nothing. */
  readonly check?: boolean;
};

/** What was found, or done, about a topic. */
export type KafkaTopicFinding = {
  readonly topic: string;
  /** `done`: made or changed just now. `warning`: unsafe, and allowed. `problem`: services must not start. */
  readonly level: "done" | "ok" | "warning" | "problem";
  /** What is so; no full stop. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The name by which it can be allowed. */
  readonly setting?: string;
};

/**
 * Makes the topics of events, dead letters and control where they are missing, checks those that are there, and writes down
 * their generations. Settings of topics that exist are never changed. It may be run again, by two at once, and after it was
 * killed midway.
 *
 * @returns what was found and done, in order; a `problem` is a refusal: the topic isn't made, or gets no generation, so
 *   that no log opens on it
 * @throws Failure `invalid` for a plan that can't be, `unavailable` where Kafka can't be reached, `precondition` where it
 *   refuses who asks
 */
export async function migrateKafkaTopics(
  options: KafkaMigrationOptions,
  plan: KafkaTopicsPlan = {},
): Promise<KafkaTopicFinding[]> {
  const { control, events, deadLetters } = designsOf(options, plan);
  const allowed = allowedSettings(plan.allow);
  const kafka = connectKafka(options);
  return withAdmin(kafka, "preparing topics", async (admin) => {
    const migration = new TopicMigration(admin, { kafka, controlTopic: control.name, log: options.log }, plan, allowed);
    return migration.run(control, [events, deadLetters]);
  });
}

class TopicMigration {
  readonly #admin: Admin;
  readonly #control: ControlTopic;
  readonly #plan: KafkaTopicsPlan;
  readonly #allowed: ReadonlySet<string>;
  readonly #findings: KafkaTopicFinding[] = [];

  constructor(admin: Admin, control: ControlTopic, plan: KafkaTopicsPlan, allowed: ReadonlySet<string>) {
    this.#admin = admin;
    this.#control = control;
    this.#plan = plan;
    this.#allowed = allowed;
  }

  async run(control: TopicDesign, others: readonly TopicDesign[]): Promise<KafkaTopicFinding[]> {
    await this.#checkOffsetsTopic(control);
    const isReady = await this.#ensureTopic(control, undefined);
    const records = isReady ? await readTopicRecords(this.#control) : new Map<string, TopicRecord>();
    for (const design of others) {
      if (isReady) await this.#migrate(design, records.get(design.name));
      else if (this.#plan.check === true) await this.#ensureTopic(design, undefined);
    }
    return this.#findings;
  }

  /** A topic with a generation. */
  async #migrate(design: TopicDesign, record: TopicRecord | undefined): Promise<void> {
    const { name } = design;
    const described = await describeTopic(this.#admin, name);
    const isMissing = described === undefined;
    const wantsNew = this.#plan.newGeneration === true;
    if (isMissing && record?.state === "ready" && !wantsNew) {
      const text = `is gone; it was there as generation ${record.generation}`;
      const advice =
        "give --new-generation if its events are meant to be gone; else find out who deleted it, or whether this is the right cluster";
      this.#problem(name, text, advice);
      return;
    }
    const isSame = record !== undefined && !isMissing && record.partitions === described.partitions;
    if (!wantsNew && record?.state === "ready" && !isMissing && !isSame) {
      const text = `has ${described.partitions} partitions and had ${record.partitions} as generation ${record.generation}: events of one project would be in two of them`;
      this.#problem(name, text, "stop ingest, let processing finish, then give --new-generation");
      return;
    }
    const generation = nextGeneration(record, wantsNew);
    const making: TopicRecord = { topic: name, generation, partitions: design.partitions, state: "making" };
    const isUsable = await this.#ensureTopic(design, isMissing ? making : undefined);
    if (isUsable) await this.#writeReady(name, generation, record);
  }

  async #writeReady(topic: string, generation: number, record: TopicRecord | undefined): Promise<void> {
    const partitions = (await this.#visible(topic)).partitions;
    const isWritten = record?.state === "ready" && record.generation === generation && record.partitions === partitions;
    if (isWritten) {
      this.#find({ topic, level: "ok", text: `is generation ${generation}` });
    } else if (this.#plan.check === true) {
      this.#problem(topic, "has no generation yet", "run `millrace migrate`");
    } else {
      await writeTopicRecord(this.#control, { topic, generation, partitions, state: "ready" });
      this.#find({ topic, level: "done", text: `begins generation ${generation}` });
    }
  }

  /**
   * Makes a topic where it is missing, and checks it. The record is written before it is made, so that nobody who comes
   * between takes it for the topic that was there before.
   *
   * @returns whether it can be used
   */
  async #ensureTopic(design: TopicDesign, record: TopicRecord | undefined): Promise<boolean> {
    const state = await topicState(this.#admin, design.name);
    if (state !== undefined) return this.#checkTopic(design, state);
    if (!this.#report(design.name, unsafeFindings(design, { ...design, settings: settingsOf(design) }))) return false;
    if (this.#plan.check === true) {
      this.#problem(design.name, "does not exist", "run `millrace migrate`");
      return false;
    }
    if (record !== undefined) await writeTopicRecord(this.#control, record);
    const isMade = await this.#make(design);
    const made = await this.#visible(design.name);
    if (isMade) {
      const text = `was made with ${made.partitions} partitions of ${made.replicationFactor} replicas`;
      this.#find({ topic: design.name, level: "done", text });
      return true;
    }
    return this.#checkTopic(design, made);
  }

  #checkTopic(design: TopicDesign, state: TopicState): boolean {
    const { partitions, replicationFactor } = state;
    const isWanted = !design.mustHavePartitions || design.partitions === partitions;
    if (!isWanted) {
      const text = `has ${partitions} partitions, not ${design.partitions}; their number can't be changed`;
      this.#problem(design.name, text, "leave --partitions out, or use another topic");
    }
    const isSafe = this.#report(design.name, unsafeFindings(design, state));
    if (isWanted && isSafe) {
      const text = `has ${partitions} partitions of ${replicationFactor} replicas`;
      this.#find({ topic: design.name, level: "ok", text });
    }
    return isWanted && isSafe;
  }

  /** @returns false where another one made it meanwhile */
  async #make(design: TopicDesign): Promise<boolean> {
    const { name: topic, partitions: numPartitions, replicationFactor } = design;
    const configEntries = [...settingsOf(design)].map(([name, value]) => ({ name, value }));
    try {
      return await this.#admin.createTopics({
        topics: [{ topic, numPartitions, replicationFactor, configEntries }],
        waitForLeaders: false,
      });
    } catch (error) {
      if (!isTooFewBrokers(error)) throw error;
      const brokers = (await this.#admin.describeCluster()).brokers.length;
      const text = `${topic} can't have ${replicationFactor} replicas: the cluster has ${brokers} brokers`;
      const advice = `start more brokers, or give --replicas ${brokers}${brokers === 1 ? " --allow replication-factor" : ""}`;
      throw new Failure("precondition", "BACKEND_UNAVAILABLE", `${text}; ${advice}.`, { cause: error });
    }
  }

  /** A topic that was made just now, as soon as every broker that is asked knows of it. */
  async #visible(topic: string): Promise<TopicState> {
    for (const deadline = performance.now() + VISIBLE_WITHIN_MS; ; await delay(50)) {
      const state = await topicState(this.#admin, topic);
      if (state !== undefined) return state;
      if (performance.now() > deadline) {
        throw new Failure("unavailable", "BACKEND_TIMEOUT", `The topic ${topic} was made, and is not to be seen.`);
      }
    }
  }

  /** Kafka's own topic of offsets: what is committed there goes with its broker too. */
  async #checkOffsetsTopic({ replicationFactor }: TopicDesign): Promise<void> {
    const topic = "__consumer_offsets";
    const described = await describeTopic(this.#admin, topic);
    if (described === undefined || described.replicationFactor >= Math.min(2, replicationFactor)) return;
    const text = "has 1 replica of each partition: committed offsets go with their broker";
    const advice =
      "give it more with kafka-reassign-partitions.sh, and set offsets.topic.replication.factor=3 for brokers";
    this.#report(topic, [{ setting: "offsets-replication-factor", text, advice }]);
  }

  /** @returns whether all of it is allowed */
  #report(topic: string, unsafe: readonly UnsafeFinding[]): boolean {
    for (const { setting, text, advice } of unsafe) {
      if (this.#allowed.has(setting)) this.#find({ topic, level: "warning", text: `${text} (allowed)`, setting });
      else this.#find({ topic, level: "problem", text, advice: `${advice}, or give --allow ${setting}`, setting });
    }
    return unsafe.every(({ setting }) => this.#allowed.has(setting));
  }

  #problem(topic: string, text: string, advice: string): void {
    this.#find({ topic, level: "problem", text, advice });
  }

  #find(finding: KafkaTopicFinding): void {
    this.#findings.push(finding);
  }
}

function nextGeneration(record: TopicRecord | undefined, wantsNew: boolean): number {
  if (record === undefined) return 1;
  return wantsNew ? record.generation + 1 : record.generation;
}

function designsOf(options: KafkaMigrationOptions, plan: KafkaTopicsPlan) {
  const { partitions = PARTITIONS, replicationFactor = 3, retentionMs = 7 * DAY_MS } = plan;
  if (!(Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_PARTITIONS)) {
    throw Failure.invalidField("partitions", `must be 1 to ${MAX_PARTITIONS}`);
  }
  if (!(Number.isInteger(replicationFactor) && replicationFactor >= 1)) {
    throw Failure.invalidField("replicationFactor", "must be 1 or more");
  }
  const design = (name: string, some: Pick<TopicDesign, "partitions" | "cleanupPolicy" | "retentionMs">) => ({
    name,
    replicationFactor,
    mustHavePartitions: false,
    isFolded: false,
    ...some,
  });
  return {
    events: {
      ...design(options.topic ?? EVENTS_TOPIC, { partitions, cleanupPolicy: "delete", retentionMs }),
      mustHavePartitions: plan.partitions !== undefined,
      isFolded: true,
    },
    deadLetters: design(options.deadLettersTopic ?? DEAD_LETTERS_TOPIC, {
      partitions: DEAD_LETTER_PARTITIONS,
      cleanupPolicy: "delete",
      retentionMs: plan.deadLetterRetentionMs ?? 30 * DAY_MS,
    }),
    control: design(options.controlTopic ?? CONTROL_TOPIC, { partitions: 1, cleanupPolicy: "compact", retentionMs: 0 }),
  };
}

function isTooFewBrokers(error: unknown): boolean {
  const aggregated = (error as { errors?: readonly unknown[] }).errors ?? [error];
  return aggregated.some((each) => protocolErrorOf(rootOf(each)) === "INVALID_REPLICATION_FACTOR");
}
