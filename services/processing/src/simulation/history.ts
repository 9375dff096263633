/**
 * One history of the real processing code in a simulated world: processes that crash, freeze, drain and go on as zombies;
 * backends that fail in every way that they may. What is stored in the end must be what an undisturbed fold stores.
 */
import type { Cache, ClaimStore } from "@millrace/cache";
import type { CellStore } from "@millrace/cell-store";
import { type EventSection, writeSections } from "@millrace/event-log";
import { silentLogger } from "@millrace/runtime";
import { createNoopMeter } from "@opentelemetry/api";
import { createProcessingApp, type ProcessingApp } from "../app.ts";
import type { DeadLetter } from "../dead-letters/dead-letters.ts";
import { snapshotOf } from "../test-bed.ts";
import { compareAccounts, WatermarkWatch } from "./accounts.ts";
import { type Faults, FaultySide } from "./faults.ts";
import { SimulatedClaims } from "./simulated-claims.ts";
import { type Delivered, SimulatedLog } from "./simulated-log.ts";
import { type ReadManner, SimulatedStore } from "./simulated-store.ts";
import { simulateTime } from "./simulated-time.ts";
import { DEFINITIONS, EPOCH_MS, Traffic } from "./traffic.ts";
import { type Actor, World } from "./world.ts";

/** A way in which a system can be built wrong, laid around the ports of real processing. */
export type Variant = {
  readonly reads?: ReadManner;
  readonly cellStore?: (store: CellStore, actor: Actor, world: World) => CellStore;
  readonly claims?: (claims: ClaimStore, actor: Actor, world: World) => ClaimStore;
  /** Whether the claims are lost, all at once, while the log still holds what they were made for. */
  readonly losesClaims?: boolean;
  /** What alone is looked for. */
  readonly symptom?: RegExp;
  /** What ingest writes, as the actor sees it. */
  readonly sections?: (sections: readonly EventSection[], actor: Actor) => readonly EventSection[];
};

/** What a history came to. */
export type HistoryResult = {
  readonly seed: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problems: readonly string[];
  /** A hash of everything that happened, and when. */
  readonly trace: string;
  readonly events: number;
  /** How many events were sent, copies included. */
  readonly sent: number;
  readonly crashes: number;
};

/** How long a history is disturbed, and how long it may take to come to its end after that, in simulated milliseconds. */
const DISTURBED_MS = 12_000;
const END_MS = 400_000;
const PROCESSES_MAX = 4;

/** Runs one history; the same seed always gives the same. */
export async function runHistory(seed: number, variant: Variant = {}): Promise<HistoryResult> {
  const world = new World(seed);
  const restore = simulateTime(world);
  try {
    const history = new History(world, variant);
    await history.run();
    const found = history.isStuck
      ? [`the history did not come to an end: ${history.log.failures.map(String).join("; ")}`]
      : [...history.problems, ...(await compareAccounts(history, await undisturbed(history, variant)))];
    const sent = Object.values(history.traffic.outcomes).reduce((sum, count) => sum + count, 0);
    const problems = [...new Set(found)];
    return { seed, problems, trace: world.trace, events: world.events, sent, crashes: history.crashes };
  } finally {
    restore();
  }
}

/** Folds the log of a history again, in a world without any faults and by the code as it is. */
async function undisturbed(of: History, variant: Variant): Promise<SimulatedStore> {
  const world = new World(1);
  const restore = simulateTime(world);
  try {
    // What ingest wrote is the same.
    const history = new History(world, variant.sections ? { sections: variant.sections } : {}, of);
    await history.run();
    if (history.isStuck) throw new Error("an undisturbed fold does not come to an end");
    return history.store;
  } finally {
    restore();
  }
}

export class History {
  readonly world: World;
  readonly store: SimulatedStore;
  readonly log: SimulatedLog;
  readonly traffic: Traffic;
  readonly letters = new Map<string, DeadLetter>();
  readonly problems: string[];
  readonly partitions: number;
  isStuck = false;
  crashes = 0;
  readonly #variant: Variant;
  readonly #calm: History | undefined;
  readonly #faults: Faults;
  readonly #side: FaultySide;
  readonly #claims: SimulatedClaims;
  readonly #watch: WatermarkWatch;
  readonly #sections: Map<Uint8Array, readonly EventSection[]>;
  readonly #processes: { readonly actor: Actor; readonly app: ProcessingApp }[] = [];
  #started = 0;

  /** @param again the history whose log is folded once more, undisturbed */
  constructor(world: World, variant: Variant, again?: History) {
    this.world = world;
    this.#variant = variant;
    this.#calm = again;
    this.#faults = again
      ? { refused: 0, unanswered: 0 }
      : { refused: world.random() * 0.2, unanswered: world.random() * 0.25 };
    this.#sections = again === undefined ? new Map() : again.#sections;
    this.#side = new FaultySide(world, this.#faults);
    this.partitions = again?.partitions ?? 1 + world.upTo(2);
    this.store = new SimulatedStore(world, this.#faults);
    if (variant.reads !== undefined) this.store.manner = variant.reads;
    this.problems = this.store.problems;
    this.#claims = new SimulatedClaims(world, this.#faults);
    this.traffic = new Traffic(world, this.partitions);
    const delivered: Delivered = (record, actor) => {
      const sections = this.#sections.get(record.value);
      if (variant.sections === undefined || sections === undefined) return record;
      return { ...record, value: writeSections(variant.sections(sections, actor)) };
    };
    this.log = new SimulatedLog(this.#side, this.partitions, EPOCH_MS, delivered);
    this.#watch = new WatermarkWatch(this);
  }

  async run(): Promise<void> {
    if (this.#calm === undefined) {
      this.#plan();
      await this.world.runUntil(DISTURBED_MS);
      this.#calmDown();
    } else {
      for (const [partition, records] of this.#calm.log.partitions.entries()) {
        this.log.partitions[partition]!.push(...records);
      }
      this.#start();
    }
    const isEnd = () => this.log.isCommitted;
    await this.world.runUntil(END_MS, isEnd);
    this.isStuck = !isEnd();
    // Zombies go on for a while, and what is on its way arrives.
    await this.world.runUntil(this.world.nowMs + 3_000);
    for (const { actor } of this.#processes) actor.alive = false;
    await this.world.runUntil(this.world.nowMs + 20_000);
  }

  /** Decides what will happen, as far as that does not depend on what happens. */
  #plan(): void {
    const { world } = this;
    this.#start();
    if (world.chance(0.7)) this.#start();
    const at = (name: string, run: () => void) => world.after(world.random() * DISTURBED_MS, undefined, name, run);
    for (let i = 8 + world.upTo(14); i > 0; i--) at("append", () => this.#append());
    for (let i = 2 + world.upTo(8); i > 0; i--) at("disturb", () => this.#disturb());
    for (let i = 0; i < 8; i++) world.after(i * 1_500, undefined, "coordinator", () => this.log.rebalance(0.1));
    if (this.#variant.losesClaims === true) at("claims are lost", () => this.#claims.clear());
    if (world.chance(0.4)) at("clock", () => this.log.stepClock(-5 - world.upTo(3_000)));
  }

  #append(): void {
    const partition = this.world.upTo(this.partitions);
    const offset = this.log.partitions[partition]!.length;
    const sections = this.traffic.sections(partition, offset, this.log.now());
    if (sections.length === 0) return;
    const value = writeSections(sections);
    this.#sections.set(value, sections);
    this.log.append(partition, value);
  }

  #disturb(): void {
    const { world } = this;
    const living = this.#processes.filter(({ actor }) => actor.alive);
    const one = living[world.upTo(Math.max(1, living.length))];
    const kind = world.random();
    if (one === undefined || (kind < 0.15 && living.length < PROCESSES_MAX)) this.#start();
    else if (kind < 0.25) this.#crash(one.actor);
    else if (kind < 0.5) one.actor.eventsLeft = world.upTo(100);
    else if (kind < 0.7) {
      one.actor.frozenUntilMs = world.nowMs + world.random() * 6_000;
      world.after(2_000, undefined, "coordinator", () => this.log.rebalance(0));
    } else if (kind < 0.85) {
      world.after(0, one.actor, "drain", () => void one.app.drain().then(() => this.#crash(one.actor)));
    } else this.log.rebalance(1);
  }

  #crash(actor: Actor): void {
    if (!actor.alive) return;
    actor.alive = false;
    this.crashes++;
    const { world } = this;
    if (world.chance(0.8)) world.after(world.random() * 2_000, undefined, "restart", () => this.#start());
    world.after(world.random() * 1_500, undefined, "coordinator", () => this.log.rebalance(0));
  }

  #calmDown(): void {
    this.#faults.refused = 0;
    this.#faults.unanswered = 0;
    if (!this.#processes.some(({ actor }) => actor.alive) || this.world.chance(0.5)) this.#start();
    const look = () => {
      // Somebody must be there, though the last one may have ended with what failed before.
      if (!this.#processes.some(({ actor }) => actor.alive)) this.#start();
      this.log.rebalance(0);
      this.world.after(2_000, undefined, "coordinator", look);
    };
    this.world.after(2_000, undefined, "coordinator", look);
  }

  #start(): void {
    const { world } = this;
    const actor: Actor = {
      name: `processor ${++this.#started}`,
      alive: true,
      frozenUntilMs: 0,
      eventsLeft: Number.POSITIVE_INFINITY,
      crash: () => this.#crash(actor),
    };
    const { cellStore, claims } = this.#variant;
    const store = this.#watch.around(this.store.for(actor));
    const ownClaims = this.#claims.for(actor);
    const isCalm = this.#calm !== undefined;
    const app = createProcessingApp({
      eventLog: this.log.for(actor),
      cellStore: cellStore?.(store, actor, world) ?? store,
      claims: claims?.(ownClaims, actor, world) ?? ownClaims,
      cache: NO_CACHE,
      deadLetters: { put: (letters) => this.#putLetters(actor, letters) },
      snapshot: snapshotOf(...DEFINITIONS),
      clock: { now: () => EPOCH_MS + world.nowMs },
      meter: createNoopMeter(),
      log: NO_LOG,
      blockBytesMax: isCalm ? 1e8 : [1, 40_000, 1e8][world.upTo(3)]!,
      flushIntervalScale: isCalm ? 0.001 : world.random() * world.random() * 0.05,
      claimsExpire: true,
      drainMs: 1_000,
      plansMax: 100,
      onFailure: (error) => {
        this.log.failures.push(error);
        this.#crash(actor);
      },
    });
    this.#processes.push({ actor, app });
    world.after(0, actor, "start", () => void app.start());
  }

  async #putLetters(actor: Actor, letters: readonly DeadLetter[]): Promise<void> {
    const fate = this.#side.fate();
    if (fate !== "refused")
      for (const letter of letters) this.letters.set(Object.values(letter.position).join("/"), letter);
    if (fate !== "answered") return this.#side.fail(fate, actor, "letters");
    await this.world.pause(this.world.latencyMs(), actor, "letters");
  }
}

const NO_LOG = silentLogger();

/** Nobody watches, nobody tails. */
const NO_CACHE = {
  get: async () => undefined,
  publish: async () => {},
  subscribe: () => new Promise<never>(() => {}),
} as unknown as Cache;
