import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import { protocolErrorOf } from "../kafka-failure.ts";
import { ClusterLink, type GroupBroker } from "./cluster-link.ts";
import { type Found, fetchOf, foundIn } from "./fetched-records.ts";
import type { LogClock } from "./log-clock.ts";
import type { PartitionOffsets } from "./partition-offsets.ts";

/** A partition that records are fetched for. */
export type FetchTarget = {
  readonly partition: number;
  readonly fetchFrom: number;
  readonly isHungry: boolean;
  readonly busySinceMs: number | undefined;
  take(records: Found["records"], nextOffset: number, end: number, sentMs: number): void;
  outOfRange(first: number, end: number): void;
  undecodable(cause: unknown): void;
};

/** What a fetcher needs. */
export type FetcherDeps = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly offsets: PartitionOffsets;
  readonly clock: LogClock;
  /** How many bytes of a partition are asked for at once. */
  readonly partitionBytes: number;
  readonly failed: (error: unknown) => void;
  /** A broker has answered. */
  readonly succeeded: () => void;
};

/** How long a broker may hold a fetch back that found nothing: idle partitions are looked after so often. */
const WAIT_MS = 250;
const WAIT_MIN_MS = 2;
/** A response is decoded in one go: this much takes some 10 ms. */
const FETCH_BYTES = 4 * 1024 * 1024;
const DEADLINE_MS = 8_000;
const BACKOFF_MS = 100;
const CLOSE_MS = 1_000;
const NO_LEADER = "none";
/** A response that can't be decoded so often in a row was not damaged on its way. */
const DECODE_ATTEMPTS = 5;
/** What kafkajs's decoder throws. Brokers and connections have other errors. */
const DECODE_ERRORS = new Set([
  "KafkaJSNotImplemented",
  "KafkaJSUnsupportedMagicByteInMessageSet",
  "KafkaJSInvalidVarIntError",
  "KafkaJSInvalidLongError",
  "RangeError",
  "TypeError",
  "SyntaxError",
]);

/**
 * Fetches records of many partitions: one request at a time from each broker, for those of its partitions that want
 * records.
 *
 * - F1 A partition whose handler is busy is left out, and holds nobody up. While one is left out, the broker may hold a
 *   request back only for a share of the time that it has been busy, so that it is not kept waiting for long.
 * - F2 A request that fails is repeated with one partition after the other, so that what is wrong with one (no leader, an
 *   offset out of range, records that nobody can decode) does not keep the others from their records.
 * - F3 Each broker has connections of its own: one that hangs does not keep the others from being asked.
 */
export class Fetcher {
  readonly #deps: FetcherDeps;
  readonly #targets = new Map<number, FetchTarget>();
  readonly #lanes = new Map<string, Lane>();
  #routing: Promise<void> | undefined;
  #routedMs = Number.NEGATIVE_INFINITY;
  #leaders = new Map<number, string>();
  #closed = false;

  constructor(deps: FetcherDeps) {
    this.#deps = deps;
  }

  /** Fetches for a partition from now on. */
  add(target: FetchTarget): void {
    this.#targets.set(target.partition, target);
    this.hungry(target.partition);
  }

  /** Fetches for it no more. */
  remove(target: FetchTarget): void {
    if (this.#targets.get(target.partition) === target) this.#targets.delete(target.partition);
  }

  /** A partition wants records. */
  hungry(partition: number): void {
    const leader = this.#leaders.get(partition);
    if (leader === undefined) void this.#route();
    else this.#lane(leader).wake();
  }

  /** The longest that a broker's turn has been under way, in milliseconds; 0 when none is. */
  stalledMs(): number {
    return Math.max(0, ...[...this.#lanes.values()].map((lane) => lane.stalledMs()));
  }

  /** Stops, after the requests in hand. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  #targetsOf(node: string): FetchTarget[] {
    return [...this.#targets.values()].filter(({ partition }) => this.#leaders.get(partition) === node);
  }

  /** Learns who leads what. One at a time, and not more often than brokers can change their minds. */
  #route(): Promise<void> {
    this.#routing ??= this.#learn().finally(() => {
      this.#routing = undefined;
    });
    return this.#routing;
  }

  async #learn(): Promise<void> {
    while (!this.#closed) {
      const sinceMs = performance.now() - this.#routedMs;
      if (sinceMs < BACKOFF_MS) await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS - sinceMs));
      this.#routedMs = performance.now();
      try {
        this.#leaders = await this.#deps.offsets.leaders();
        const nodes = new Set([...this.#targets.keys()].map((partition) => this.#leaders.get(partition) ?? NO_LEADER));
        for (const node of nodes) if (node !== NO_LEADER) this.#lane(node).wake();
        if (!nodes.has(NO_LEADER)) return;
      } catch {
        // Kafka is away: asked again until it is back, or nobody wants to know any more.
        if (this.#targets.size === 0) return;
      }
    }
  }

  #lane(node: string): Lane {
    let lane = this.#lanes.get(node);
    if (lane === undefined) {
      lane = new Lane(node, this.#deps, {
        targets: () => this.#targetsOf(node),
        reroute: () => {
          for (const { partition } of this.#targetsOf(node)) this.#leaders.delete(partition);
          return this.#route();
        },
      });
      this.#lanes.set(node, lane);
    }
    return lane;
  }
}

type LaneSource = { readonly targets: () => FetchTarget[]; readonly reroute: () => Promise<void> };

/** The requests to one broker. */
class Lane {
  readonly #node: string;
  readonly #deps: FetcherDeps;
  readonly #source: LaneSource;
  readonly #link: ClusterLink;
  /** The partitions that are to be asked for alone, once. */
  readonly #alone = new Set<number>();
  /** How often in a row a partition's records could not be decoded. */
  readonly #garbled = new Map<number, number>();
  readonly #running: Promise<void>;
  #closed = false;
  #wake: (() => void) | undefined;
  #turnMs: number | undefined;

  constructor(node: string, deps: FetcherDeps, source: LaneSource) {
    this.#node = node;
    this.#deps = deps;
    this.#source = source;
    this.#link = new ClusterLink(deps.kafka, deps.topic);
    this.#running = this.#run().catch((error: unknown) => deps.failed(error));
  }

  wake(): void {
    this.#wake?.();
  }

  stalledMs(): number {
    return this.#turnMs === undefined ? 0 : performance.now() - this.#turnMs;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.wake();
    // A broker that hangs is not waited for: nobody needs its answer any more.
    await Promise.race([this.#running, pause(CLOSE_MS, undefined, { ref: false })]);
    await this.#link.close();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const targets = this.#source.targets();
      const hungry = targets.filter((target) => target.isHungry);
      if (hungry.length === 0) {
        this.#turnMs = undefined;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
        // Partitions that want records at about the same time share a request.
        await turn();
        continue;
      }
      this.#turnMs = performance.now();
      const alone = hungry.find(({ partition }) => this.#alone.delete(partition));
      if (alone !== undefined) await this.#fetch([alone], 0);
      else await this.#fetch(hungry, waitMs(targets));
    }
  }

  async #fetch(targets: readonly FetchTarget[], maxWaitTime: number): Promise<void> {
    const { topic, clock, partitionBytes } = this.#deps;
    const asked = new Map(targets.map((target) => [target.partition, { target, from: target.fetchFrom }]));
    const partitions = [...asked].map(([partition, { from }]) => fetchOf(partition, from, partitionBytes));
    const sentMs = clock.now();
    try {
      const { responses } = await this.#link.use("a fetch", DEADLINE_MS, async (cluster) => {
        const broker = (await cluster.findBroker({ nodeId: this.#node })) as unknown as GroupBroker;
        const request = { maxWaitTime, minBytes: 1, maxBytes: FETCH_BYTES, isolationLevel: 0 };
        return broker.fetch({ ...request, topics: [{ topic, partitions }] });
      });
      this.#deps.succeeded();
      const answers = responses.flatMap((response) => response.partitions);
      const shared = answers.filter(({ messages }) => messages.length > 0).length > 1;
      for (const fetched of answers) {
        const { target, from } = asked.get(fetched.partition)!;
        if (target.fetchFrom !== from) continue;
        const found = foundIn(fetched, from, shared);
        this.#garbled.delete(fetched.partition);
        // Its next batch does not fit behind what others have: asked for alone, it comes whatever its size.
        if (found.nextOffset === from && found.end > from && targets.length > 1) this.#alone.add(fetched.partition);
        target.take(found.records, found.nextOffset, found.end, sentMs);
      }
    } catch (error) {
      await this.#recover(error, targets);
    }
  }

  async #recover(error: unknown, targets: readonly FetchTarget[]): Promise<void> {
    const [only] = targets;
    const type = protocolErrorOf(error);
    const isGarbled = error instanceof Error && DECODE_ERRORS.has(error.name);
    if ((type !== undefined || isGarbled) && targets.length > 1) {
      for (const { partition } of targets) this.#alone.add(partition);
      return;
    }
    if (type === "OFFSET_OUT_OF_RANGE" && only !== undefined) {
      const bounds = await this.#deps.offsets.bounds(only.partition).catch(() => undefined);
      // Right after a change of the leader an offset may be out of the new one's range for a moment.
      if (bounds !== undefined && (only.fetchFrom < bounds.first || only.fetchFrom > bounds.end)) {
        only.outOfRange(bounds.first, bounds.end);
        return;
      }
    }
    if (isGarbled && only !== undefined) {
      const times = (this.#garbled.get(only.partition) ?? 0) + 1;
      this.#garbled.set(only.partition, times);
      if (times >= DECODE_ATTEMPTS) only.undecodable(error);
    }
    await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
    if (!this.#closed) void this.#source.reroute();
  }
}

/** How long the broker may wait for records (F1). */
function waitMs(targets: readonly FetchTarget[]): number {
  const now = performance.now();
  let wait = WAIT_MS;
  for (const { busySinceMs } of targets) {
    if (busySinceMs !== undefined) wait = Math.min(wait, (now - busySinceMs) / 4);
  }
  return Math.max(WAIT_MIN_MS, Math.round(wait));
}
