import { create } from "@bufbuild/protobuf";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import {
  applyDelta,
  Block,
  compile,
  type DeltaPart,
  type FamilyPlan,
  type FoldEvent,
  layoutFamilies,
  NO_DERIVED_FIELDS,
  type Plan,
} from "../src/index.ts";

/**
 * Runs the real fold through histories of everything that can happen to it at once: processors that crash, processors
 * that were replaced and go on as zombies, evicted blocks, deltas that wait for their block's flush, writes that land
 * late and in any order, commits that lag or go back. What is stored in the end must be what one fold of the log gives.
 */

/** A rule of the fold that is broken on purpose, to show that histories notice. */
export type Breach =
  | "folds a record again that the block has seen"
  | "folds a record's sections one by one"
  | "takes the write time from a clock"
  | "commits before blocks are durable"
  | "starts evicted blocks from nothing"
  | "applies a later record before one that waits";

/** A record of the log: sections of events of one project. */
export type HistoryRecord = {
  readonly offset: number;
  readonly appendTimeMs: number;
  readonly sections: readonly (readonly FoldEvent[])[];
};

/** A random number of [0, 1) each time, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const MINUTE_MS = 60_000;

/** Definitions with so little room that most blocks overflow: a rollup in main, and one spread over slots. */
export function crampedDefinitions(): Definitions {
  const metrics = [
    create(MetricSchema, { number: 1, name: "events", aggregation: Aggregation.COUNT }),
    create(MetricSchema, { number: 2, name: "amount", aggregation: Aggregation.SUM, property: "amount" }),
    create(MetricSchema, { number: 3, name: "users", aggregation: Aggregation.UNIQUE, property: "user_id" }),
  ];
  const all = metrics.map((metric) => metric.name);
  const rollups = [
    create(RollupSchema, { number: 1, name: "few", metrics: all, dimensions: ["name"], slots: 1, maxTuples: 2 }),
    create(RollupSchema, {
      number: 2,
      name: "spread",
      metrics: ["events"],
      dimensions: ["kind"],
      slots: 16,
      maxTuples: 1,
    }),
  ];
  const families = layoutFamilies([], rollups, metrics);
  return create(DefinitionsSchema, {
    projectId: "p",
    revision: 1n,
    dayOffsetsMinutes: [0],
    metrics,
    rollups,
    families,
  });
}

/** A log of small records. The broker's clock may step back. */
export function randomLog(random: () => number, records: number): HistoryRecord[] {
  let clock = 28_000_000 * MINUTE_MS;
  const upTo = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: records }, (_, offset) => {
    clock += upTo(3) - (random() < 0.05 ? 5 : 0);
    const sections = Array.from({ length: 1 + upTo(2) }, () =>
      Array.from({ length: 1 + upTo(3) }, (): FoldEvent => {
        const name = `n${Math.floor(random() * random() * 6)}`;
        return {
          ...{ name, eventId: "", userId: `u${upTo(5)}`, anonymousId: "", sessionId: "" },
          ...{ keys: ["amount", "kind"], values: [1 + upTo(9) / 4, `k${upTo(40)}`], count: 2 },
          ...{ timeMs: (28_000_000 - 10 + upTo(4) * 8) * MINUTE_MS, receivedAtMs: clock, late: false, userAgent: "" },
        };
      }),
    );
    return { offset, appendTimeMs: clock, sections };
  });
}

type Write = { readonly key: string; readonly bytes: Uint8Array; readonly wts: number; durable: boolean };

/** The store: of two states of a block the one with the higher write time stays. */
class Store {
  readonly blocks = new Map<string, Write>();
  readonly late: Write[] = [];
  committed = 0;
  /** Whether two different states of a block came with one write time. */
  hasConflict = false;

  land(write: Write): void {
    const current = this.blocks.get(write.key);
    if (current?.wts === write.wts && Buffer.compare(current.bytes, write.bytes) !== 0) this.hasConflict = true;
    if (current === undefined || write.wts > current.wts) this.blocks.set(write.key, write);
    write.durable = true;
  }
}

type Waiting = { readonly record: HistoryRecord; readonly parts: readonly DeltaPart[] };

class Processor {
  readonly #blocks = new Map<string, Block>();
  readonly #waiting = new Map<string, Waiting[]>();
  /** By block, the lowest offset that is not durable yet. */
  readonly #dirty = new Map<string, number>();
  #inFlight: { readonly write: Write; readonly low: number }[] = [];
  readonly #families = new Map<string, FamilyPlan>();
  readonly #store: Store;
  readonly #plan: Plan;
  readonly #log: readonly HistoryRecord[];
  readonly #random: () => number;
  readonly #breach: Breach | undefined;
  position: number;

  constructor(store: Store, plan: Plan, log: readonly HistoryRecord[], random: () => number, breach?: Breach) {
    this.#store = store;
    this.#plan = plan;
    this.#log = log;
    this.#random = random;
    this.#breach = breach;
    this.position = store.committed;
  }

  /** Folds the next record: at once into blocks in memory, and later into some of those that are not. */
  step(): void {
    const record = this.#log[this.position];
    if (record === undefined) return;
    for (const [key, parts] of partsOf(this.#plan, record)) {
      this.#families.set(key, parts[0]!.family);
      const waits = !this.#blocks.has(key) && !key.includes(" 1m ") && this.#random() < 0.5;
      const list = this.#waiting.get(key);
      if (waits || (list !== undefined && this.#breach !== "applies a later record before one that waits")) {
        this.#waiting.set(key, [...(list ?? []), { record, parts }]);
      } else {
        this.#apply(key, record, parts);
      }
      if (!this.#dirty.has(key)) this.#dirty.set(key, record.offset);
    }
    this.position += 1;
  }

  /** Writes a random share of the dirty blocks; each write lands now, or late. */
  flush(share: number): void {
    for (const [key, low] of [...this.#dirty]) {
      if (this.#random() >= share) continue;
      for (const { record, parts } of this.#waiting.get(key) ?? []) this.#apply(key, record, parts);
      this.#waiting.delete(key);
      const block = this.#block(key);
      const wts = this.#breach === "takes the write time from a clock" ? tick() : block.wts;
      const write = { key, bytes: block.encode(), wts, durable: false };
      this.#dirty.delete(key);
      this.#inFlight.push({ write, low });
      if (this.#random() < 0.6) this.#store.land(write);
      else this.#store.late.push(write);
    }
  }

  /** P1: commits what every block is durable for. A zombie may even take a commit back. */
  commit(): void {
    this.#inFlight = this.#inFlight.filter(({ write }) => !write.durable);
    const lows = [...this.#dirty.values(), ...this.#inFlight.map(({ low }) => low)];
    const safe =
      this.#breach === "commits before blocks are durable" ? this.position : Math.min(this.position, ...lows);
    this.#store.committed = this.#random() < 0.1 ? safe : Math.max(this.#store.committed, safe);
  }

  /** P5: an evicted block is a clean block. */
  evict(): void {
    for (const key of [...this.#blocks.keys()]) {
      const isClean = !this.#dirty.has(key) && !this.#inFlight.some(({ write }) => write.key === key && !write.durable);
      if (isClean && this.#random() < 0.3) this.#blocks.delete(key);
    }
  }

  #apply(key: string, record: HistoryRecord, parts: readonly DeltaPart[]): void {
    const block = this.#block(key);
    if (this.#breach === "folds a record's sections one by one") {
      for (const part of parts) applyDelta(block, [part], record.offset, record.appendTimeMs);
    } else if (this.#breach === "folds a record again that the block has seen" && record.offset <= block.off) {
      for (const part of parts) {
        for (const minute of part.cells) {
          for (const [index, cells] of minute.entries()) for (const [t, cell] of cells) block.merge(index, t, cell);
        }
      }
    } else {
      applyDelta(block, parts, record.offset, record.appendTimeMs);
    }
  }

  #block(key: string): Block {
    let block = this.#blocks.get(key);
    if (block === undefined) {
      const { schema } = this.#families.get(key)!;
      const stored = this.#breach === "starts evicted blocks from nothing" ? undefined : this.#store.blocks.get(key);
      block = stored === undefined ? Block.empty(schema) : Block.decode(schema, stored.bytes);
      this.#blocks.set(key, block);
    }
    return block;
  }
}

let clock = 1e17;
function tick(): number {
  clock += 16;
  return clock;
}

/** What a record adds, by block. */
export function partsOf(plan: Plan, record: HistoryRecord): Map<string, DeltaPart[]> {
  const byBlock = new Map<string, DeltaPart[]>();
  for (const section of record.sections) {
    const delta = plan.newDelta(section[0]!.receivedAtMs);
    for (const event of section) plan.fold(delta, event);
    for (const part of plan.parts(delta)) {
      const key = `${part.family.id} ${part.granularity} ${part.bucket} ${part.slot}`;
      byBlock.set(key, [...(byBlock.get(key) ?? []), part]);
    }
  }
  return byBlock;
}

/** Folds a log once, with nothing in the way: the bytes of every block, in hexadecimal. */
export function foldOnce(plan: Plan, log: readonly HistoryRecord[]): Map<string, string> {
  const blocks = new Map<string, Block>();
  for (const record of log) {
    for (const [key, parts] of partsOf(plan, record)) {
      const block = blocks.get(key) ?? Block.empty(parts[0]!.family.schema);
      blocks.set(key, block);
      applyDelta(block, parts, record.offset, record.appendTimeMs);
    }
  }
  return new Map([...blocks].sort().map(([key, block]) => [key, hex(block.encode())]));
}

/** Runs one history, and says what is wrong with what it leaves; undefined when nothing is. */
export function runHistory(seed: number, breach?: Breach): string | undefined {
  const random = randomOf(seed * 7919);
  const plan = compile(crampedDefinitions(), NO_DERIVED_FIELDS);
  const log = randomLog(random, 30);
  const store = new Store();
  const start = () => new Processor(store, plan, log, random, breach);
  const processors = [start()];
  for (let i = 0; i < 200; i++) {
    const index = Math.floor(random() * processors.length);
    const one = processors[index]!;
    const choice = random();
    if (choice < 0.5) one.step();
    else if (choice < 0.72) one.flush(random());
    else if (choice < 0.85) landOne(store, random);
    else if (choice < 0.93) one.commit();
    else if (choice < 0.97) one.evict();
    else if (random() < 0.5) processors.push(start());
    else processors[index] = start();
    if (processors.length > 3) processors.shift();
  }
  const last = start();
  while (last.position < log.length) {
    last.step();
    if (random() < 0.2) last.flush(0.5);
  }
  for (const one of processors) if (random() < 0.5) one.flush(1);
  last.flush(1);
  while (store.late.length > 0) landOne(store, random);
  const wanted = foldOnce(plan, log);
  const found = new Map([...store.blocks].sort().map(([key, write]) => [key, hex(write.bytes)]));
  if (store.hasConflict) return `seed ${seed}: two states of a block have one write time`;
  if (JSON.stringify([...wanted]) !== JSON.stringify([...found]))
    return `seed ${seed}: other blocks than one fold gives`;
  return undefined;
}

function landOne(store: Store, random: () => number): void {
  const [write] = store.late.splice(Math.floor(random() * store.late.length), 1);
  if (write !== undefined) store.land(write);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
