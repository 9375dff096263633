import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RetentionSchema, Template } from "@millrace/api/millrace/config/v1/project_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { describe, expect, it } from "vitest";
import type { CountState } from "../aggregation/count.ts";
import type { UniqueState } from "../aggregation/unique.ts";
import { Block } from "../block/block.ts";
import { layoutFamilies } from "../definitions/layout.ts";
import { templateMetrics, templateRollups } from "../template/template.ts";
import { applyDelta } from "./apply-delta.ts";
import { type DerivedFields, NO_DERIVED_FIELDS } from "./field.ts";
import type { FoldEvent, PropertyValue } from "./fold-event.ts";
import { compile, createCompiler, type Plan } from "./plan.ts";

const NOW = Date.UTC(2026, 10, 20, 12, 34, 56);

function event(
  fields: Partial<FoldEvent> = {},
  properties: readonly (readonly [string, PropertyValue])[] = [],
): FoldEvent {
  return {
    name: "view",
    eventId: "e1",
    userId: "",
    anonymousId: "",
    sessionId: "",
    keys: properties.map(([key]) => key),
    values: properties.map(([, value]) => value),
    count: properties.length,
    timeMs: NOW,
    receivedAtMs: NOW,
    late: false,
    userAgent: "",
    ...fields,
  };
}

function definitionsOf(dimensions: string[], more: Partial<Pick<Definitions, "projectId" | "retention">> = {}) {
  const metrics = [
    create(MetricSchema, { number: 1, name: "events", aggregation: Aggregation.COUNT }),
    create(MetricSchema, { number: 2, name: "users", aggregation: Aggregation.UNIQUE, property: "visitor" }),
  ];
  const rollups = [create(RollupSchema, { number: 1, name: "all", metrics: ["events", "users"], dimensions })];
  const families = layoutFamilies([], rollups, metrics);
  const { projectId = "p", retention } = more;
  return create(DefinitionsSchema, {
    projectId,
    revision: 7n,
    dayOffsetsMinutes: [0, 60],
    metrics,
    rollups,
    families,
    ...(retention && { retention }),
  });
}

/** The cells of the minute blocks: "rollup: tuple" with the count of its first metric. */
function minuteCounts(plan: Plan, events: readonly FoldEvent[]): Record<string, number> {
  const delta = plan.newDelta(NOW);
  for (const one of events) plan.fold(delta, one);
  const counts: Record<string, number> = {};
  for (const part of plan.parts(delta).filter(({ granularity }) => granularity === "1m")) {
    const block = Block.empty(part.family.schema);
    applyDelta(block, [part], 0, NOW);
    for (const [index, rollup] of part.family.rollups.entries()) {
      for (const [tuple, [state]] of block.sections[index]!.entries()) {
        const name = `${rollup.name}: ${tuple.replaceAll("\0", "|")}`;
        counts[name] = (counts[name] ?? 0) + (state as CountState).count;
      }
    }
  }
  return counts;
}

describe("the dimensions of an event", () => {
  const derived: DerivedFields = new Map([
    [
      "page",
      (slotOf) => {
        const url = slotOf("url");
        return (_event, slots) => `page of ${slots[url]}`;
      },
    ],
  ]);

  it.each([
    { title: "a property", dimension: "color", wanted: "red" },
    { title: "the last of a property's values", dimension: "twice", wanted: "second" },
    { title: "a number", dimension: "size", wanted: "42" },
    { title: "what is absent", dimension: "nothing", wanted: "" },
    { title: "a field of the event", dimension: "name", wanted: "view" },
    { title: "the property of a field's name", dimension: "properties.name", wanted: "Ann" },
    { title: "a derived field", dimension: "page", wanted: "page of /x" },
    { title: "the property of a derived field's name", dimension: "properties.page", wanted: "7" },
    { title: "the event's time", dimension: "time", wanted: "2026-11-20T12:34:56.000Z" },
    { title: "the visitor without a user", dimension: "visitor", wanted: "device" },
  ])("can be $title", ({ dimension, wanted }) => {
    const plan = compile(definitionsOf([dimension]), derived);
    const one = event({ anonymousId: "device" }, [
      ["color", "red"],
      ["twice", "first"],
      ["size", 42],
      ["name", "Ann"],
      ["url", "/x"],
      ["page", 7],
      ["twice", "second"],
    ]);
    expect(minuteCounts(plan, [one])).toEqual({ [`all: ${wanted}`]: 1, "accounting: folded": 1 });
  });

  it("do not leak from one event to the next", () => {
    const plan = compile(definitionsOf(["color", "size"]), derived);
    const counts = minuteCounts(plan, [event({}, [["color", "red"]]), event({}, [["size", 1]]), event()]);
    expect(counts).toEqual({ "all: red|": 1, "all: |1": 1, "all: |": 1, "accounting: folded": 3 });
  });
});

describe("an event that can not be folded", () => {
  it("leaves the delta, and the events after it, as if it had never been (P4)", () => {
    const derived: DerivedFields = new Map([
      [
        "page",
        () => (one: FoldEvent) => {
          if (one.userAgent === "poison") throw new Error("poison");
          return "/";
        },
      ],
    ]);
    const definitions = definitionsOf(["color", "page"]);
    const plan = compile(definitions, derived);
    const delta = plan.newDelta(NOW);
    plan.fold(delta, event({}, [["color", "red"]]));
    expect(() => plan.fold(delta, event({ userAgent: "poison" }, [["color", "blue"]]))).toThrow("poison");
    plan.fold(delta, event({}, [["color", "blue"]]));
    const [accounting, all] = plan.parts(delta)[0]!.cells[0]!;
    expect([...all!.keys()]).toEqual(["red\0/", "blue\0/"]);
    expect([...accounting!.keys()]).toEqual(["folded"]);
    expect((accounting!.get("folded")![0] as CountState).count).toBe(2);
  });
});

describe("unique counts", () => {
  it("take the user, else the device, and pass over events that have neither", () => {
    const plan = compile(definitionsOf([]), NO_DERIVED_FIELDS);
    const delta = plan.newDelta(NOW);
    const visits = [{ userId: "u" }, { userId: "u", anonymousId: "d" }, { anonymousId: "d" }, {}, { anonymousId: "u" }];
    for (const visit of visits) plan.fold(delta, event(visit));
    const [part] = plan.parts(delta);
    const block = Block.empty(part!.family.schema);
    applyDelta(block, [part!], 0, NOW);
    const [events, users] = block.sections[1]!.get("")!;
    expect([(events as CountState).count, (users as unknown as UniqueState).estimate()]).toEqual([5, 2]);
  });
});

describe("the blocks that a delta adds to", () => {
  it("are one each of the minute, the quarter, the hour, and the day at every offset", () => {
    const plan = compile(definitionsOf([]), NO_DERIVED_FIELDS);
    const delta = plan.newDelta(NOW);
    plan.fold(delta, event());
    const found = plan
      .parts(delta)
      .map(({ granularity, bucket }) => [granularity, new Date(bucket * 60_000).toISOString()]);
    expect(found).toEqual([
      ["1m", "2026-11-20T12:34:00.000Z"],
      ["15m", "2026-11-20T12:30:00.000Z"],
      ["1h", "2026-11-20T12:00:00.000Z"],
      ["1d+0", "2026-11-20T00:00:00.000Z"],
      ["1d+60", "2026-11-19T23:00:00.000Z"],
    ]);
  });

  it("leave out buckets that were past their retention when the event was received", () => {
    const retention = create(RetentionSchema, { minute: create(DurationSchema, { seconds: 3600n }) });
    const granularities = (ageMs: number, kept = retention) => {
      const plan = compile(definitionsOf([], { retention: kept }), NO_DERIVED_FIELDS);
      const delta = plan.newDelta(NOW);
      plan.fold(delta, event({ timeMs: NOW - ageMs }));
      const main = plan.parts(delta).filter((part) => part.cells.some((cells) => cells[1]!.size > 0));
      return main.map(({ granularity }) => granularity);
    };
    expect(granularities(60 * 60_000)).toEqual(["1m", "15m", "1h", "1d+0", "1d+60"]);
    expect(granularities(61 * 60_000)).toEqual(["15m", "1h", "1d+0", "1d+60"]);
    const defaults = create(RetentionSchema);
    expect(granularities(7 * 86_400_000, defaults)).toEqual(["1m", "15m", "1h", "1d+0", "1d+60"]);
    expect(granularities(8 * 86_400_000, defaults)).toEqual(["15m", "1h", "1d+0", "1d+60"]);
    expect(granularities(15 * 365 * 86_400_000, defaults)).toEqual(["1h", "1d+0", "1d+60"]);
  });
});

describe("the accounting", () => {
  it("has each event's outcome once, whether anything else counted it", () => {
    const metrics = [...templateMetrics(Template.SERVICE)];
    const rollups = [...templateRollups(Template.SERVICE)];
    const families = layoutFamilies([], rollups, metrics);
    const definitions = create(DefinitionsSchema, {
      projectId: "p",
      dayOffsetsMinutes: [0],
      metrics,
      rollups,
      families,
    });
    const derived: DerivedFields = new Map([["bot", () => (one: FoldEvent) => one.userAgent === "robot"]]);
    const plan = compile(definitions, derived);
    const delta = plan.newDelta(NOW);
    for (const userAgent of ["robot", "person", "person"]) plan.fold(delta, event({ userAgent }));
    plan.account(delta, "duplicate");
    plan.account(delta, "late");
    plan.account(delta, "late");
    const cells = plan.parts(delta)[0]!.cells[0]!;
    expect([...cells[0]!].map(([outcome, [state]]) => [outcome, (state as CountState).count])).toEqual([
      ["bot", 1],
      ["folded", 2],
      ["duplicate", 1],
      ["late", 2],
    ]);
    expect(cells.slice(1).every((rollup) => rollup.size === 0)).toBe(true);
  });
});

describe("a record whose sections are of two revisions", () => {
  it("adds both to the blocks of a family that the second revision left as it was", () => {
    const first = definitionsOf(["color"]);
    const spread = create(RollupSchema, {
      number: 2,
      name: "spread",
      metrics: ["events"],
      dimensions: ["size"],
      slots: 16,
    });
    const rollups = [...first.rollups, spread];
    const families = layoutFamilies(first.families, rollups, first.metrics);
    const second = create(DefinitionsSchema, { ...first, revision: 8n, rollups, families });
    const parts = [first, second].flatMap((definitions) => {
      const plan = compile(definitions, NO_DERIVED_FIELDS);
      const delta = plan.newDelta(NOW);
      plan.fold(delta, event({}, [["color", "red"]]));
      return plan.parts(delta).filter(({ family, granularity }) => family.name === "main" && granularity === "1h");
    });
    expect(parts.map(({ family }) => family.id)).toEqual(["main@1", "main@1"]);
    const block = Block.empty(parts[0]!.family.schema);
    expect(applyDelta(block, parts, 5, NOW)).toBe(true);
    expect(applyDelta(block, parts, 5, NOW)).toBe(false);
    expect((block.sections[1]!.get("red")![0] as CountState).count).toBe(2);
  });
});

describe("a compiler of plans", () => {
  it("shares what it makes between projects that count alike, and knows them apart", () => {
    const compileShared = createCompiler(NO_DERIVED_FIELDS);
    const one = compileShared(definitionsOf(["a"]));
    const two = compileShared(definitionsOf(["a"], { projectId: "q" }));
    const other = compileShared(definitionsOf(["b"]));
    expect([one.projectId, two.projectId, one.revision]).toEqual(["p", "q", 7]);
    expect(two.families).toBe(one.families);
    expect(other.families).not.toBe(one.families);
  });

  it("remembers a bounded number of programs", () => {
    const compileShared = createCompiler(NO_DERIVED_FIELDS, 2);
    const first = compileShared(definitionsOf(["a"]));
    compileShared(definitionsOf(["b"]));
    expect(compileShared(definitionsOf(["a"])).families).toBe(first.families);
    compileShared(definitionsOf(["c"]));
    expect(compileShared(definitionsOf(["a"])).families).toBe(first.families);
    compileShared(definitionsOf(["b"]));
    compileShared(definitionsOf(["c"]));
    expect(compileShared(definitionsOf(["a"])).families).not.toBe(first.families);
  });
});
