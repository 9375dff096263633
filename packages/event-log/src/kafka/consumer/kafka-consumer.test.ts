import { spawn } from "node:child_process";
import { join } from "node:path";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { RecordingMember } from "../../contract/harness.ts";
import { SILENT, TestKafka } from "../test-kafka.ts";
import { TestLink } from "../test-link.ts";
import { ClusterLink } from "./cluster-link.ts";
import { KafkaConsumer, type KafkaConsumerOptions } from "./kafka-consumer.ts";

const SESSION_MS = 6_000;
const TIMING = { heartbeatMs: 50, sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: 10_000 };
const CHILD_LIMIT_MS = 60_000;

let kafka: TestKafka;
let producer: Producer;
beforeAll(async () => {
  kafka = await TestKafka.start();
  producer = kafka.kafka.producer({ createPartitioner: () => (to) => to.message.partition!, idempotent: false });
  await producer.connect();
});
afterAll(async () => {
  await producer.disconnect();
  await kafka.stop();
});

/** A topic of its own, with consumers that are closed when the test ends. */
async function newTopic({ onTestFinished }: TestContext, partitions = 4) {
  const { topic } = await kafka.topic(partitions);
  return {
    topic,
    partitions,
    onTestFinished,
    consumer(options: Partial<KafkaConsumerOptions> = {}): KafkaConsumer {
      const opened = new KafkaConsumer({ kafka: kafka.kafka, topic, partitions, log: SILENT, ...TIMING, ...options });
      onTestFinished(() => opened.close());
      return opened;
    },
    /** @returns the offset of the first */
    async append(partition: number, values: readonly (string | Buffer)[]): Promise<number> {
      const sent = await producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
      return Number(sent[0]!.baseOffset);
    },
  };
}

/** Commits for the group "g" while it has no members. */
async function commitFromOutside(topic: string, partition: number, offset: number): Promise<void> {
  const link = new ClusterLink(kafka.kafka, topic);
  const groupId = `g@${topic}`;
  const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }];
  await link.useCoordinator(groupId, "a commit", 10_000, (coordinator) =>
    coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: "", topics }),
  );
  await link.close();
}

type Topic = Awaited<ReturnType<typeof newTopic>>;

async function until(what: string, condition: () => boolean, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A promise, and what resolves it. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

/** A member in a process of its own, and the lines that it prints. */
function memberProcess({ topic, partitions, onTestFinished }: Topic, group: string) {
  const args = [join(import.meta.dirname, "crash-member.ts"), kafka.brokers[0]!, topic, String(partitions), group];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], timeout: CHILD_LIMIT_MS });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = (word: string) => output.split("\n").filter((line) => line.startsWith(word));
  return { lines, signal: (signal: NodeJS.Signals) => void child.kill(signal) };
}

describe("a group on Kafka", () => {
  it("leaves a partition with its handler, at work, while others join and leave", async (context) => {
    const topic = await newTopic(context);
    const first = new RecordingMember("first");
    const busy = gate();
    first.onRecords = () => busy.passed;
    await topic.consumer().join("g", first);
    await topic.append(0, ["a"]);
    await topic.append(1, ["b"]);
    const kept = first.owned.get(0)!;
    for (let i = 0; i < 3; i++) {
      const other = new RecordingMember("other");
      const joined = await topic.consumer().join("g", other);
      await until("the other has its share", () => other.owned.size === 2);
      await joined.leave();
      await until("the first has all again", () => first.owned.size === 4);
    }
    expect(first.owned.get(0)).toBe(kept);
    expect(kept.lost.aborted).toBe(false);
    busy.open();
    await until("the handlers are done", () => first.texts(0).length === 1 && first.texts(1).length === 1);
    await kept.commit(1);
  });

  it.concurrent("gives the partitions of a member that was killed to others after the session", async (context) => {
    const topic = await newTopic(context);
    const killed = memberProcess(topic, "g");
    await until("it has all", () => killed.lines("assigned").length === 4);
    killed.signal("SIGKILL");
    const began = performance.now();
    const heir = new RecordingMember();
    await topic.consumer().join("g", heir);
    await until("the heir has all", () => heir.owned.size === 4, SESSION_MS + 10_000);
    expect(performance.now() - began).toBeGreaterThan(SESSION_MS / 2);
  });

  it.concurrent("tells a member that was stopped for longer than its session what it has lost, before it does more", async (context) => {
    const topic = await newTopic(context);
    const stopped = memberProcess(topic, "g");
    await until("it has all", () => stopped.lines("assigned").length === 4);
    await topic.append(0, ["before"]);
    await until("it reads", () => stopped.lines("record").length === 1);
    stopped.signal("SIGSTOP");
    const heir = new RecordingMember();
    const consumer = topic.consumer();
    await consumer.join("g", heir);
    await until("the heir has all", () => heir.owned.size === 4, SESSION_MS + 10_000);
    await topic.append(0, ["after"]);
    await until("the heir reads", () => heir.texts(0).length === 2);
    stopped.signal("SIGCONT");
    await until("it was told", () => stopped.lines("refused").length === 4);
    expect(stopped.lines("refused").every((line) => line.endsWith("OWNERSHIP_LOST"))).toBe(true);
    const lines = stopped.lines("");
    const handed = lines.indexOf("record 0 1");
    // It may own the partition again by now, as a new member.
    if (handed >= 0) expect(lines.indexOf("lost 0")).toBeLessThan(handed);
    expect(stopped.lines("committed")).toEqual([]);
    expect(await consumer.committed("g", 0)).toBe(0);
    // It is a member again, and gets its share.
    await until("it has two again", () => stopped.lines("assigned").length === 6);
  });

  it.concurrent("lets a handler work for longer than the session and the time of a rebalance", async (context) => {
    const topic = await newTopic(context);
    const member = new RecordingMember();
    const busy = gate();
    member.onRecords = () => busy.passed;
    await topic.consumer({ rebalanceTimeoutMs: 1_000 }).join("g", member);
    await topic.append(0, ["x"]);
    const other = new RecordingMember();
    await topic.consumer({ rebalanceTimeoutMs: 1_000 }).join("g", other);
    await until("the other has its share", () => other.owned.size === 2);
    // How long it is busy is the subject: longer than a session that nobody keeps alive.
    await new Promise((resolve) => setTimeout(resolve, SESSION_MS + 1_000));
    busy.open();
    await until("the handler is done", () => member.texts(0).length === 1);
    await member.owned.get(0)!.commit(1);
  });

  it("lets nobody be held up by a partition whose handler waits", async (context) => {
    const topic = await newTopic(context);
    const member = new RecordingMember();
    const busy = gate();
    const arrived: number[] = [];
    member.onRecords = async (records, { partition }) => {
      if (partition === 0) await busy.passed;
      else for (const { value } of records) arrived.push(performance.now() - Number(Buffer.from(value).toString()));
    };
    await topic.consumer().join("g", member);
    await topic.append(0, ["x", "y"]);
    for (let i = 0; i < 40; i++) await topic.append(1 + (i % 3), [String(performance.now())]);
    await until("the others arrived", () => arrived.length === 40);
    expect(arrived.sort((a, b) => a - b)[20]).toBeLessThan(100);
    busy.open();
    await until("the slow one arrived", () => member.texts(0).length === 2);
  });

  it("hands over records to the last one and twice none, whoever joins and leaves, and commits what was handed over", async (context) => {
    const topic = await newTopic(context, 8);
    const total = 2_000;
    const seen: number[][] = Array.from({ length: 8 }, () => []);
    const broken: string[] = [];
    const join = () => {
      const member = new RecordingMember();
      const next = new Map<number, number>();
      member.onRecords = async (records, owned) => {
        let expected = next.get(owned.partition) ?? owned.startOffset;
        for (const { offset } of records) {
          if (offset !== expected) broken.push(`${owned.partition}: ${offset} came after ${expected - 1}`);
          seen[owned.partition]!.push(offset);
          expected = offset + 1;
        }
        next.set(owned.partition, expected);
      };
      member.onRevoke = (owned) => {
        const done = next.get(owned.partition);
        next.delete(owned.partition);
        return done === undefined ? undefined : owned.commit(done);
      };
      return topic.consumer().join("g", member, { maxBatchBytes: 20 });
    };
    await join();
    let appended = false;
    const appending = (async () => {
      for (let i = 0; i < total; i += 10)
        await topic.append(
          (i / 10) % 8,
          Array.from({ length: 10 }, (_, j) => `${i + j}`),
        );
      appended = true;
    })();
    const visitor = async () => {
      for (let i = 0; i < 34; i++) await (await join()).leave();
    };
    await Promise.all([appending, visitor(), visitor(), visitor()]);
    expect(appended).toBe(true);
    await until("all arrived", () => seen.flat().length >= total);
    expect(broken).toEqual([]);
    for (const offsets of seen) expect(offsets).toEqual(Array.from({ length: total / 8 }, (_, i) => i));
  });
});

describe("links that hang", () => {
  it.concurrent("are left for new ones, and nothing is lost, doubled or given away within the session", async (context) => {
    const topic = await newTopic(context);
    const link = await TestLink.open(kafka.brokers[0]!);
    context.onTestFinished(() => link.close());
    const options = { brokers: [...kafka.brokers], logLevel: logLevel.NOTHING, requestTimeout: 2_000 };
    const linked = new Kafka({ ...options, socketFactory: link.socketFactory });
    const member = new RecordingMember();
    await topic.consumer({ kafka: linked, sessionTimeoutMs: 20_000 }).join("g", member);
    await topic.append(0, ["before"]);
    await until("it arrived", () => member.texts(0).length === 1);
    link.isBlackHole = true;
    await topic.append(0, ["meanwhile"]);
    const committing = member.owned.get(0)!.commit(1);
    // How long nothing arrives is the subject.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    link.isBlackHole = false;
    await topic.append(0, ["after"]);
    await committing;
    await until("all arrived", () => member.texts(0).length === 3, 20_000);
    expect(member.texts(0)).toEqual(["before", "meanwhile", "after"]);
    expect(member.history).toHaveLength(4);
    expect(member.failures).toEqual([]);
  });
});

describe("an offset that the log does not have", () => {
  it("stops the partition, loudly, where records were removed before they were read", async (context) => {
    const topic = await newTopic(context);
    await topic.append(0, ["a", "b", "c"]);
    const first = new RecordingMember();
    const consumer = topic.consumer();
    const joined = await consumer.join("g", first);
    await until("it arrived", () => first.texts(0).length === 3);
    await first.owned.get(0)!.commit(1);
    await joined.leave();
    await kafka.trim(topic.topic);
    const second = new RecordingMember();
    await consumer.join("g", second);
    await until("it failed", () => second.failures.length > 0);
    expect(second.failures).toMatchObject([{ partition: 0, error: { kind: "outOfRange" } }]);
    await topic.append(1, ["elsewhere"]);
    await until("other partitions go on", () => second.texts(1).length === 1);
    expect(second.texts(0)).toEqual([]);
    expect(await consumer.committed("g", 0)).toBe(1);
  });

  it("stops the partition, loudly, where the records vanish while it reads", async (context) => {
    const topic = await newTopic(context);
    const member = new RecordingMember();
    const busy = gate();
    member.onRecords = () => busy.passed;
    for (let i = 0; i < 4; i++) await topic.append(0, [Buffer.alloc(800_000)]);
    await topic.consumer().join("g", member, { maxBatchBytes: 1 });
    await until("it works", () => member.owned.get(0)?.endOffset() === 4);
    await kafka.trim(topic.topic);
    busy.open();
    await until("it failed", () => member.failures.length > 0);
    expect(member.failures).toMatchObject([{ partition: 0, error: { kind: "outOfRange" } }]);
    expect(member.received.get(0) ?? []).not.toHaveLength(4);
  });

  it("stops the partition, loudly, where the group is beyond the end", async (context) => {
    const topic = await newTopic(context);
    await topic.append(2, ["a"]);
    await commitFromOutside(topic.topic, 2, 7);
    const member = new RecordingMember();
    await topic.consumer().join("g", member);
    await until("it failed", () => member.failures.length > 0);
    expect(member.failures).toMatchObject([{ partition: 2, error: { kind: "outOfRange" } }]);
    expect([...member.owned.keys()].sort()).toEqual([0, 1, 3]);
  });

  it("begins with the oldest record kept where nothing was ever committed", async (context) => {
    const topic = await newTopic(context);
    await topic.append(0, ["old"]);
    await kafka.trim(topic.topic);
    await topic.append(0, ["new"]);
    const member = new RecordingMember();
    await topic.consumer().join("g", member);
    await until("it arrived", () => member.texts(0).length === 1);
    expect(member.texts(0)).toEqual(["new"]);
    expect(member.failures).toEqual([]);
  });
});
