/** What producers send in a history, and what an exact count of it is. */
import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { ENRICHMENT_VERSIONS } from "@millrace/enrichment";
import type { EventSection, StampedEvent } from "@millrace/event-log";
import { layoutFamilies } from "@millrace/rollup";
import { PROCESSING_VERSION } from "../fold/plans.ts";
import type { World } from "./world.ts";

/** The moment at which histories begin, in epoch milliseconds: an hour and a day begin soon after. */
export const EPOCH_MS = Date.UTC(2026, 2, 1, 23, 59, 50);

const MINUTE_MS = 60_000;
const PROJECTS = ["one", "two"];
const PAGES = 5;
/** How long before it is sent an event happened, in minutes. */
const AGES = [0, 0, 0, 1, 16, 61, 1_500];
const TABLET =
  "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1";

/** Buckets of each granularity, in minutes. */
export const GRANULARITIES = { "1m": 1, "15m": 15, "1h": 60, "1d+0": 1_440 } as const;

/** Definitions with little room: visitors overflow, in slots of a family of their own. */
function cramped(projectId: string): Definitions {
  const metrics = [
    create(MetricSchema, { number: 1, name: "events", aggregation: Aggregation.COUNT }),
    create(MetricSchema, { number: 2, name: "users", aggregation: Aggregation.UNIQUE, property: "user_id" }),
  ];
  const rollup = (number: number, name: string, dimension: string, slots: number, maxTuples: number) =>
    create(RollupSchema, { number, name, metrics: ["events", "users"], dimensions: [dimension], slots, maxTuples });
  const rollups = [rollup(1, "pages", "page", 1, 16), rollup(2, "devices", "device", 1, 8)];
  rollups.push(rollup(3, "visitors", "visitor", 16, 1));
  return create(DefinitionsSchema, {
    projectId,
    revision: 1n,
    timeZone: "UTC",
    dayOffsetsMinutes: [0],
    lateWindows: [{ window: durationFromMs(48 * 60 * MINUTE_MS) }],
    spread: 1,
    processingVersion: PROCESSING_VERSION,
    metrics,
    rollups,
    families: layoutFamilies([], rollups, metrics),
  });
}

/** The projects of every history. */
export const DEFINITIONS: readonly Definitions[] = PROJECTS.map(cramped);

type Sent = { readonly id: number; readonly timeMs: number; readonly page: string };

/** A page of a project that was counted, and the record that did it. */
type Counted = {
  readonly project: string;
  readonly partition: number;
  readonly offset: number;
  readonly page: string;
  readonly timeMs: number;
};

/** Sends events, and counts them as an exact system would: each id once, at its first record. */
export class Traffic {
  /** By project, granularity, bucket and page. */
  readonly pages: Record<string, number> = {};
  /** By project and outcome. */
  readonly outcomes: Record<string, number> = {};
  readonly counted: Counted[] = [];
  readonly #world: World;
  readonly #partitions: number;
  readonly #sent: Sent[] = [];
  readonly #seen = new Set<string>();

  constructor(world: World, partitions: number) {
    this.#world = world;
    this.#partitions = partitions;
  }

  /** The sections of the next record of a partition, which gets an offset. */
  sections(partition: number, offset: number, nowMs: number): EventSection[] {
    const world = this.#world;
    return PROJECTS.filter(() => world.chance(0.7)).map((projectId) => {
      const events = Array.from({ length: 1 + world.upTo(4) }, () => this.#event(projectId, partition, offset, nowMs));
      const processingVersion = ENRICHMENT_VERSIONS[world.upTo(ENRICHMENT_VERSIONS.length)]!;
      const stamps = { revision: 1, imported: false, userAgent: "", receivedAtMs: nowMs };
      return { projectId, processingVersion, ...stamps, events };
    });
  }

  #event(project: string, partition: number, offset: number, nowMs: number): StampedEvent {
    const world = this.#world;
    const sent = this.#next(partition, nowMs);
    const isLate = world.chance(0.05);
    const isDamaged = world.chance(0.03);
    const { timeMs } = sent;
    const properties = { url: `https://shop.example${sent.page}`, user_agent: TABLET, visitor: `v${sent.id % 40}` };
    const event = { eventId: `id-${sent.id}`, name: "page_view", userId: `u${sent.id % 7}`, properties };
    const bytes = toBinary(EventSchema, create(EventSchema, { ...event, time: timestampFromMs(timeMs) }));
    this.#account(project, partition, offset, sent, isDamaged, isLate);
    const stamps = { timeMs, claimTimeMs: timeMs, late: isLate, assignedId: "" };
    return { ...stamps, bytes: isDamaged ? bytes.subarray(0, bytes.length - 3) : bytes };
  }

  /** A new event, or one that was sent before: with the same id and time, on the same partition. */
  #next(partition: number, nowMs: number): Sent {
    const world = this.#world;
    const before = this.#sent.filter(({ id }) => id % this.#partitions === partition);
    if (before.length > 0 && world.chance(0.35)) return before[Math.max(0, before.length - 1 - world.upTo(12))]!;
    const id = this.#sent.length * this.#partitions + partition;
    const age = AGES[world.upTo(AGES.length)]! * MINUTE_MS;
    const sent = { id, timeMs: nowMs - age, page: `/${world.upTo(PAGES)}` };
    this.#sent.push(sent);
    return sent;
  }

  #account(project: string, partition: number, offset: number, sent: Sent, isDamaged: boolean, isLate: boolean) {
    const name = `${project}/${sent.id}`;
    const outcome = isDamaged ? "dead_lettered" : isLate ? "late" : this.#seen.has(name) ? "duplicate" : "folded";
    const key = `${project}/${outcome}`;
    this.outcomes[key] = (this.outcomes[key] ?? 0) + 1;
    if (outcome !== "folded") return;
    this.#seen.add(name);
    const { page, timeMs } = sent;
    this.counted.push({ project, partition, offset, page, timeMs });
    for (const [granularity, minutes] of Object.entries(GRANULARITIES)) {
      const cell = `${project}/${granularity}/${bucketOf(timeMs, minutes)}/${page}`;
      this.pages[cell] = (this.pages[cell] ?? 0) + 1;
    }
  }
}

/** The start of a bucket, in minutes since the epoch. */
export function bucketOf(timeMs: number, minutes: number): number {
  return Math.floor(timeMs / MINUTE_MS / minutes) * minutes;
}
