/**
 * A world in which everything that happens is an event at a simulated moment, chosen by a seed: timers, answers of
 * backends, deliveries, crashes. Code of an actor runs only while one of its events does, so each call of a port and each
 * timer is a place where the actor can be stopped, and what runs in between can't be torn.
 */
import { randomFrom } from "../test-bed.ts";

/** A process of the simulated system. */
export type Actor = {
  readonly name: string;
  /** False after a crash: whatever it waits for never comes. */
  alive: boolean;
  /** Until when it is stopped (SIGSTOP), in simulated milliseconds; what was due meanwhile comes then. */
  frozenUntilMs: number;
  /** So many more of its events happen before it crashes: each of them is a place to crash at. */
  eventsLeft: number;
  /** Crashes it. */
  readonly crash: () => void;
};

/** Something that will happen. */
export type WorldEvent = {
  atMs: number;
  readonly order: number;
  readonly actor: Actor | undefined;
  readonly name: string;
  readonly run: () => void;
  isCancelled: boolean;
};

/** After so many events a history is taken for one that never ends. */
const EVENTS_MAX = 200_000;

const realImmediate = globalThis.setImmediate;

export class World {
  readonly random: () => number;
  nowMs = 0;
  /** Whose code runs now. */
  current: Actor | undefined;
  /** How many events have happened. */
  events = 0;
  #queue: WorldEvent[] = [];
  #order = 0;
  #trace = 0x811c9dc5;

  constructor(seed: number) {
    this.random = randomFrom(Math.imul(seed, 7919));
  }

  /** A hash of all that happened, and when: the same for the same seed. */
  get trace(): string {
    return (this.#trace >>> 0).toString(16).padStart(8, "0");
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number of [0, limit). */
  upTo(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** How long something takes, in milliseconds: little mostly, long at times. */
  latencyMs(): number {
    const kind = this.random();
    if (kind < 0.75) return this.random() * 4;
    if (kind < 0.96) return this.random() * 60;
    return this.random() * 2_500;
  }

  /** Has something happen later; to an actor only if it lives by then. */
  after(ms: number, actor: Actor | undefined, name: string, run: () => void): WorldEvent {
    const order = this.#order++;
    const event = { atMs: this.nowMs + Math.max(0, ms), order, actor, name, run, isCancelled: false };
    this.#push(event);
    return event;
  }

  /** Lets an actor wait. It never comes back when the actor dies meanwhile. */
  pause(ms: number, actor: Actor, name: string): Promise<void> {
    return new Promise((resolve) => void this.after(ms, actor, name, resolve));
  }

  /** Lets happen what is due, one after the other, until a condition holds or nothing is left up to a moment. */
  async runUntil(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone()) {
      const event = this.#queue[0];
      if (event === undefined || event.atMs > untilMs) {
        this.nowMs = Math.max(this.nowMs, untilMs);
        return;
      }
      this.#pop();
      if (event.isCancelled || event.actor?.alive === false) continue;
      if (event.actor !== undefined && event.actor.frozenUntilMs > event.atMs) {
        event.atMs = event.actor.frozenUntilMs;
        this.#push(event);
        continue;
      }
      if (event.actor !== undefined && event.actor.eventsLeft-- <= 0) event.actor.crash();
      else await this.#happen(event);
    }
  }

  async #happen(event: WorldEvent): Promise<void> {
    this.events++;
    if (this.events > EVENTS_MAX) throw new Error(`no end after ${EVENTS_MAX} events, at ${this.nowMs} ms`);
    this.nowMs = event.atMs;
    this.#note(event);
    this.current = event.actor;
    event.run();
    // All that the event set off runs before the next macrotask does.
    await new Promise<void>((resolve) => void realImmediate(resolve));
    this.current = undefined;
  }

  #note({ name, actor, atMs }: WorldEvent): void {
    const text = `${name} ${actor?.name ?? ""} ${atMs}`;
    for (let i = 0; i < text.length; i++) {
      this.#trace = Math.imul(this.#trace ^ text.charCodeAt(i), 0x01000193);
    }
  }

  #push(event: WorldEvent): void {
    const queue = this.#queue;
    let at = queue.length;
    queue.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, queue[parent]!)) break;
      queue[at] = queue[parent]!;
      at = parent;
    }
    queue[at] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    if (queue.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child += 1;
      if (!isBefore(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
  }
}

function isBefore(a: WorldEvent, b: WorldEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
