import type { Message, RecordMetadata } from "kafkajs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SILENT } from "../test-kafka.ts";
import { type BatchProducer, PartitionQueue } from "./partition-queue.ts";

const HISTORIES = 200;
const APPENDS = 30;
const DEADLINE_MS = 2_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a queue of appends over a broken link", () => {
  it("acknowledges what is stored, once and in order, and never stores what it said it did not", async () => {
    const problems: string[] = [];
    let outcomes = { acknowledged: 0, unknownOutcome: 0, unavailable: 0 };
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const history = await runHistory(seed, true);
      problems.push(...problemsOf(history).map((problem) => `seed ${seed}: ${problem}`));
      outcomes = added(outcomes, history);
    }
    expect(problems).toEqual([]);
    // The histories have something of everything.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(HISTORIES);
  });

  it("would lose and double records if a producer went on after a batch that stayed unclear", async () => {
    let found: string | undefined;
    for (let seed = 1; seed <= HISTORIES && found === undefined; seed++) {
      found = problemsOf(await runHistory(seed, false)).find((problem) => problem.includes("is not at its offset"));
    }
    expect(found).toBeDefined();
  });
});

type Answer = { readonly text: string; readonly offset?: number; readonly kind?: string };
type History = { readonly stored: readonly string[]; readonly answers: readonly Answer[] };

/** Appends at random moments, by a queue whose producers are replaced as they should be, or not. */
async function runHistory(seed: number, replaces: boolean): Promise<History> {
  const random = randomFrom(seed);
  const leader = new Leader();
  let producer = new SimulatedProducer(leader, random);
  const queue = new PartitionQueue({
    topic: "t",
    partition: 0,
    lease: () => ({
      send: (messages) => producer.send(messages),
      release: () => undefined,
      retire: () => {
        if (replaces) producer = new SimulatedProducer(leader, random);
      },
    }),
    left: () => undefined,
    attempted: () => undefined,
    foreign: () => undefined,
    log: SILENT,
  });
  const answers: Promise<Answer>[] = [];
  for (let i = 0; i < APPENDS; i++) {
    const text = `${i}`;
    const appended = new Promise<{ offset: number }>((resolve, reject) =>
      queue.add({
        value: Buffer.from(text),
        headers: undefined,
        deadlineAtMs: performance.now() + DEADLINE_MS,
        resolve,
        reject,
        isSettled: false,
      }),
    );
    answers.push(
      appended.then(
        ({ offset }) => ({ text, offset }),
        (error: { kind: string }) => ({ text, kind: error.kind }),
      ),
    );
    await vi.advanceTimersByTimeAsync(random() * 300);
  }
  await vi.runAllTimersAsync();
  return { stored: leader.stored, answers: await Promise.all(answers) };
}

function problemsOf({ stored, answers }: History): string[] {
  const problems: string[] = [];
  let last = -1;
  for (const { text, offset, kind } of answers) {
    const copies = stored.filter((each) => each === text).length;
    if (copies > 1) problems.push(`${text} is stored ${copies} times`);
    if (kind === "unavailable" && copies > 0) problems.push(`${text} was refused, and is stored`);
    if (offset === undefined) continue;
    if (stored[offset] !== text) problems.push(`${text} is not at its offset ${offset}`);
    if (offset <= last) problems.push(`${text} was overtaken`);
    last = offset;
  }
  return problems;
}

function added(sum: { acknowledged: number; unknownOutcome: number; unavailable: number }, { answers }: History) {
  const count = (kind: string | undefined) => answers.filter((answer) => answer.kind === kind).length;
  return {
    acknowledged: sum.acknowledged + count(undefined),
    unknownOutcome: sum.unknownOutcome + count("unknownOutcome"),
    unavailable: sum.unavailable + count("unavailable"),
  };
}

class BrokerError extends Error {
  override readonly name = "KafkaJSProtocolError";
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

/** A leader as Kafka's are: it knows the last five batches of each producer, and takes what follows them. */
class Leader {
  readonly stored: string[] = [];
  readonly #producers = new Map<object, { first: number; next: number; base: number }[]>();

  append(producer: object, first: number, values: readonly string[]): number {
    const batches = this.#producers.get(producer) ?? [];
    const next = first + values.length;
    const copy = batches.find((batch) => batch.first === first && batch.next === next);
    if (copy !== undefined) return copy.base;
    if (first !== (batches.at(-1)?.next ?? 0)) throw new BrokerError("OUT_OF_ORDER_SEQUENCE_NUMBER");
    const base = this.stored.length;
    this.stored.push(...values);
    this.#producers.set(producer, [...batches, { first, next, base }].slice(-5));
    return base;
  }
}

/** A producer as kafkajs's are: it takes a sequence when it encodes, and gives it back on any error. */
class SimulatedProducer implements Pick<BatchProducer, "send"> {
  readonly #leader: Leader;
  readonly #random: () => number;
  #sequence = 0;

  constructor(leader: Leader, random: () => number) {
    this.#leader = leader;
    this.#random = random;
  }

  async send(messages: Message[]): Promise<RecordMetadata[]> {
    const fate = this.#random();
    await pause(this.#random() * 400);
    if (fate < 0.15) throw named("KafkaJSConnectionError");
    const values = messages.map(({ value, timestamp }) => `${timestamp && value}`);
    const first = this.#sequence;
    const append = () => this.#leader.append(this, first, values);
    this.#sequence += values.length;
    try {
      if (fate < 0.3) throw new BrokerError("NOT_ENOUGH_REPLICAS");
      const baseOffset = await this.#cross(fate, append);
      return [{ topicName: "t", partition: 0, errorCode: 0, baseOffset: `${baseOffset}`, logAppendTime: "1" }];
    } catch (error) {
      this.#sequence -= values.length;
      throw error;
    }
  }

  /** What the network does to a request: nothing, or it loses it, its answer, or brings it late. */
  async #cross(fate: number, append: () => number): Promise<number> {
    if (fate >= 0.65) return append();
    if (fate < 0.4) {
      // Lost.
    } else if (fate < 0.55) {
      append();
    } else {
      void pause(this.#random() * 3_000).then(() => {
        try {
          append();
        } catch {
          // The broker's answer reaches nobody.
        }
      });
    }
    await pause(500);
    throw named("KafkaJSRequestTimeoutError");
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers in [0, 1) by a linear congruence (Numerical Recipes). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
