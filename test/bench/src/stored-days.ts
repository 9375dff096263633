import { create } from "@bufbuild/protobuf";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { type CellStore, watermarkState } from "@millrace/cell-store";
import { applyDelta, Block, compile, layoutFamilies, NO_DERIVED_FIELDS, TIERS } from "@millrace/rollup";
import { randomFrom } from "./web-events.ts";

export const DAY_MS = 86_400_000;
export const DAYS = 30;
export const TUPLES = 10_000;

/** Twice as many events as tuples a day: each page is seen on most days. */
const EVENTS_PER_DAY = 2 * TUPLES;
const SLOTS = 64;
const SOURCE = "1:0";

/** A site with a rollup by page that has outgrown one block, and one of totals. */
export function tupleDefinitions(): Definitions {
  const metrics = [
    create(MetricSchema, { number: 1, name: "page_views", aggregation: Aggregation.COUNT }),
    create(MetricSchema, { number: 2, name: "visitors", aggregation: Aggregation.UNIQUE, property: "user_id" }),
  ];
  const names = metrics.map(({ name }) => name);
  const rollups = [
    create(RollupSchema, { number: 1, name: "totals", metrics: names }),
    create(RollupSchema, { number: 2, name: "pages", metrics: names, dimensions: ["page"], slots: SLOTS }),
  ];
  return create(DefinitionsSchema, {
    projectId: "site",
    revision: 1n,
    timeZone: "UTC",
    dayOffsetsMinutes: [0],
    lateWindows: [{ window: { seconds: 172_800n } }],
    metrics,
    rollups,
    families: layoutFamilies([], rollups, metrics),
  });
}

/** Folds and stores the days before `endMs`, a record a day: what the queries read, days and the last day's hours. */
export async function storeDays(store: CellStore, definitions: Definitions, endMs: number): Promise<void> {
  const plan = compile(definitions, NO_DERIVED_FIELDS);
  const random = randomFrom(11);
  for (let day = DAYS; day > 0; day--) {
    const dayMs = endMs - day * DAY_MS;
    const delta = plan.newDelta(endMs);
    for (let i = 0; i < EVENTS_PER_DAY; i++) plan.fold(delta, visit(dayMs, random));
    const blocks = plan
      .parts(delta)
      .filter(({ granularity }) => granularity === "1d+0" || (day === 1 && granularity === "1h"))
      .map((part) => {
        const { family, granularity, bucket, slot } = part;
        const block = Block.empty(family.schema);
        applyDelta(block, [part], DAYS - day, dayMs + DAY_MS);
        const { projectId } = definitions;
        const key = { projectId, family: family.id, generation: 1, granularity, bucket, slot, source: SOURCE };
        return { key, wts: block.wts, blob: block.encode() };
      });
    for (let from = 0; from < blocks.length; from += 512) await store.writeBlocks(blocks.slice(from, from + 512));
  }
  await store.writeStates(TIERS.map((tier) => watermarkState({ source: SOURCE, tier, offset: DAYS, timeMs: endMs })));
}

function visit(dayMs: number, random: () => number) {
  const timeMs = dayMs + Math.floor(random() * DAY_MS);
  return {
    name: "page_view",
    eventId: "",
    userId: `user-${Math.floor(random() * 50_000)}`,
    anonymousId: "",
    sessionId: "",
    keys: ["page"],
    values: [`/products/${Math.floor(random() ** 2 * TUPLES)}`],
    count: 1,
    timeMs,
    receivedAtMs: dayMs + DAY_MS,
    late: false,
    userAgent: "",
  };
}
