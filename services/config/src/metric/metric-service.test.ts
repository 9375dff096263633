import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Aggregation, type MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { Condition_Operator, type Filter, FilterSchema } from "@millrace/api/millrace/event/v1/filter_pb";
import { describe, expect, it } from "vitest";
import { failing, openConfig, START_MS } from "../test-config.ts";

type MetricShape = MessageInitShape<typeof MetricSchema>;

async function withShop() {
  const config = await openConfig();
  const project = { projectId: "shop", template: Template.SHOP };
  await config.projects.createProject({ project });
  const add = (metric: MetricShape, client = config.metrics) =>
    client.createMetric({ metric: { projectId: "shop", ...metric } as MetricShape });
  const newest = async () => (await config.snapshot.getDefinitions({ projectId: "shop" })).definitions!;
  return { ...config, add, newest };
}

const CLICKS = { name: "clicks", aggregation: Aggregation.COUNT };

function condition(field: string, operator: Condition_Operator, ...values: (string | number)[]): Filter {
  const typed = values.map((value) =>
    typeof value === "string"
      ? { kind: { case: "stringValue" as const, value } }
      : { kind: { case: "numberValue" as const, value } },
  );
  return create(FilterSchema, { kind: { case: "condition", value: { field, operator, values: typed } } });
}

function nested(depth: number): Filter {
  let filter = condition("country", Condition_Operator.EXISTS);
  for (let i = 1; i < depth; i++) filter = create(FilterSchema, { kind: { case: "not", value: filter } });
  return filter;
}

describe("creating a metric", () => {
  it("adds it with a number of its own, in a new revision", async () => {
    const { add, newest, metrics, projects, clock } = await withShop();
    const before = await newest();
    clock.nowMs += 1_000;
    const filter = condition("country", Condition_Operator.EQUALS, "FR");
    const { metric } = await add({
      ...CLICKS,
      filter,
      unit: "clicks",
      description: "All clicks.",
      number: 7,
      builtIn: true,
    });
    expect(metric).toMatchObject({
      ...CLICKS,
      projectId: "shop",
      unit: "clicks",
      number: 1_000,
      builtIn: false,
      filter,
    });
    expect(timestampMs(metric!.createTime!)).toBe(START_MS + 1_000);
    const after = await newest();
    expect(after.revision).toBe(before.revision + 1n);
    expect(after.metrics).toEqual([...before.metrics, metric]);
    expect(after.families).toEqual(before.families);
    expect((await metrics.getMetric({ projectId: "shop", name: "clicks" })).metric).toEqual(metric);
    const { project } = await projects.getProject({ projectId: "shop" });
    expect(project!.revision).toBe(2n);
    expect(timestampMs(project!.updateTime!)).toBe(START_MS + 1_000);
    expect((await add({ ...CLICKS, name: "taps" })).metric!.number).toBe(1_001);
  });

  it("leaves the revisions of before as they were", async () => {
    const { add, newest, snapshot } = await withShop();
    const first = await newest();
    await add(CLICKS);
    await add({ ...CLICKS, name: "taps" });
    const { definitions } = await snapshot.getDefinitions({ projectId: "shop", revision: 1n });
    expect(definitions).toEqual(first);
  });

  it("by many at once loses none", async () => {
    const { add, newest } = await withShop();
    const names = Array.from({ length: 8 }, (_, i) => `metric_${i}`);
    const made = await Promise.all(names.map((name) => add({ ...CLICKS, name })));
    expect(new Set(made.map(({ metric }) => metric!.number)).size).toBe(8);
    const own = (await newest()).metrics.filter(({ builtIn }) => !builtIn);
    expect(own.map(({ name }) => name).toSorted()).toEqual(names);
    expect(new Set(own.map(({ number }) => number)).size).toBe(8);
  });

  it("by many at once with one name succeeds for one", async () => {
    const { add } = await withShop();
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => add(CLICKS)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("with a name that is taken, also by the template, fails", async () => {
    const { add } = await withShop();
    expect(await failing(add({ ...CLICKS, name: "revenue" }))).toMatchObject({
      code: "AlreadyExists",
      reason: "METRIC_EXISTS",
    });
  });

  it("beyond 200 fails, naming the limit", async () => {
    const { add, newest } = await withShop();
    for (let i = (await newest()).metrics.length; i < 200; i++) await add({ ...CLICKS, name: `m${i}` });
    const failure = await failing(add(CLICKS));
    expect(failure).toMatchObject({ code: "FailedPrecondition", reason: "LIMIT_REACHED" });
    expect(failure.message).toContain("200 is the limit");
  });

  it("writes a property in its one short form", async () => {
    const { add } = await withShop();
    const sum = { aggregation: Aggregation.SUM };
    expect((await add({ ...sum, name: "a", property: "properties.price" })).metric!.property).toBe("price");
    expect((await add({ ...sum, name: "b", property: "properties.name" })).metric!.property).toBe("properties.name");
    expect((await add({ ...sum, name: "c", property: "properties.properties.x" })).metric!.property).toBe(
      "properties.properties.x",
    );
  });

  it.each(["user_id", "visitor", "session_id", "page", "sku"])("counts different values of %s", async (property) => {
    const { add } = await withShop();
    const metric = { name: "different", aggregation: Aggregation.UNIQUE, property };
    expect((await add(metric)).metric!.property).toBe(property);
  });

  it.each<[string, MetricShape, RegExp]>([
    ["no name", { ...CLICKS, name: "" }, /metric\.name/],
    ["a name of capitals", { ...CLICKS, name: "Clicks" }, /metric\.name/],
    ["a reserved name", { ...CLICKS, name: "accounting" }, /metric\.name: "accounting" is reserved/],
    ["no aggregation", { name: "clicks" }, /metric\.aggregation/],
    ["a property to count", { ...CLICKS, property: "price" }, /metric\.property: is "price", but COUNT/],
    ["no property to sum", { ...CLICKS, aggregation: Aggregation.SUM }, /metric\.property: is required for SUM/],
    ["text to sum", { ...CLICKS, aggregation: Aggregation.SUM, property: "user_id" }, /"properties\.user_id"/],
    [
      "derived text to average",
      { ...CLICKS, aggregation: Aggregation.AVERAGE, property: "page" },
      /"page" is not a number/,
    ],
    ["times to count", { ...CLICKS, aggregation: Aggregation.UNIQUE, property: "time" }, /"time" can not be counted/],
    ["no key", { ...CLICKS, aggregation: Aggregation.MAX, property: "properties." }, /names no property/],
    ["a long key", { ...CLICKS, aggregation: Aggregation.MAX, property: "é".repeat(65) }, /130 bytes.*at most 128/],
    ["a forbidden key", { ...CLICKS, aggregation: Aggregation.MAX, property: "__proto__" }, /no event may have/],
    ["a deep filter", { ...CLICKS, filter: nested(6) }, /nest at most 5 deep/],
    [
      "two values",
      { ...CLICKS, filter: condition("x", Condition_Operator.EQUALS, "a", "b") },
      /metric\.filter.*one value/,
    ],
    ["a value for EXISTS", { ...CLICKS, filter: condition("x", Condition_Operator.EXISTS, "a") }, /takes no value/],
    ["text compared by size", { ...CLICKS, filter: condition("x", Condition_Operator.LESS, "a") }, /must be a number/],
    [
      "a large filter",
      { ...CLICKS, filter: condition("x", Condition_Operator.EQUALS, "a".repeat(20_000)) },
      /at most 16384/,
    ],
    ["a long unit", { ...CLICKS, unit: "a".repeat(17) }, /metric\.unit/],
  ])("refuses %s", async (_what, metric, message) => {
    const { add, newest } = await withShop();
    const failure = await failing(add(metric));
    expect(failure).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
    expect(failure.message).toMatch(message);
    expect((await newest()).revision).toBe(1n);
  });

  it("takes a filter of 5 levels", async () => {
    const { add } = await withShop();
    expect((await add({ ...CLICKS, filter: nested(5) })).metric!.filter).toEqual(nested(5));
  });

  it("needs the scope ADMIN, and the project", async () => {
    const { add, as, metrics } = await withShop();
    expect(await failing(add(CLICKS, as("shop", [Scope.REPORT]).metrics))).toMatchObject({ reason: "SCOPE_MISSING" });
    expect(await failing(add(CLICKS, as("blog").metrics))).toMatchObject({ reason: "PROJECT_NOT_FOUND" });
    expect(await failing(metrics.createMetric({ metric: CLICKS }))).toMatchObject({ reason: "PROJECT_REQUIRED" });
    expect((await as("shop").metrics.createMetric({ metric: CLICKS })).metric!.projectId).toBe("shop");
  });
});

describe("reading metrics", () => {
  it("gives them by name", async () => {
    const { metrics, add } = await withShop();
    await add({ ...CLICKS, name: "aaa" });
    const names = (await metrics.listMetrics({ projectId: "shop" })).metrics.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toContain("revenue");
    expect(names[0]).toBe("aaa");
  });

  it("that do not exist names the nearest that does", async () => {
    const { metrics } = await withShop();
    const failure = await failing(metrics.getMetric({ projectId: "shop", name: "revenu" }));
    expect(failure).toMatchObject({ code: "NotFound", reason: "METRIC_NOT_FOUND" });
    expect(failure.message).toContain('did you mean "revenue"?');
  });

  it("of another project fails as if it did not exist", async () => {
    const { as } = await withShop();
    const other = as("blog").metrics;
    const calls = [other.getMetric({ projectId: "shop", name: "revenue" }), other.listMetrics({ projectId: "shop" })];
    for (const call of calls) expect(await failing(call)).toMatchObject({ reason: "PROJECT_NOT_FOUND" });
  });
});
