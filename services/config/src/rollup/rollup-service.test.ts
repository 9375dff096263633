import type { MessageInitShape } from "@bufbuild/protobuf";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import type { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { readableFamilies } from "@millrace/rollup";
import { describe, expect, it } from "vitest";
import { failing, openConfig } from "../test-config.ts";

type RollupShape = MessageInitShape<typeof RollupSchema>;

async function withShop() {
  const config = await openConfig();
  await config.projects.createProject({ project: { projectId: "shop", template: Template.SHOP } });
  const add = (rollup: RollupShape, client = config.rollups) =>
    client.createRollup({ rollup: { projectId: "shop", ...rollup } as RollupShape });
  const newest = async () => (await config.snapshot.getDefinitions({ projectId: "shop" })).definitions!;
  return { ...config, add, newest };
}

const CITIES = { name: "cities", metrics: ["revenue"], dimensions: ["city"] };

describe("creating a rollup", () => {
  it("adds it with a number of its own, defaults filled in, in a new revision", async () => {
    const { add, newest, rollups } = await withShop();
    const before = await newest();
    const { rollup } = await add({ ...CITIES, description: "By city.", number: 3, builtIn: true });
    expect(rollup).toMatchObject({
      ...CITIES,
      projectId: "shop",
      number: 1_000,
      slots: 1,
      maxTuples: 256,
      builtIn: false,
    });
    const after = await newest();
    expect(after.revision).toBe(before.revision + 1n);
    expect(after.rollups).toEqual([...before.rollups, rollup]);
    expect((await rollups.getRollup({ projectId: "shop", name: "cities" })).rollup).toEqual(rollup);
  });

  it("lays it out: its family is written to, families of before stay readable", async () => {
    const { add, newest } = await withShop();
    const before = await newest();
    await add({ ...CITIES, slots: 64 });
    const { families } = await newest();
    expect(families.find(({ name }) => name === "cities")).toMatchObject({ version: 1, slots: 64, current: true });
    for (const { name, version } of before.families) {
      expect(families.some((family) => family.name === name && family.version === version)).toBe(true);
    }
    await add({ ...CITIES, name: "towns" });
    const plans = readableFamilies(await newest());
    const current = plans.filter((plan) => plan.current).flatMap((plan) => plan.rollups.map(({ name }) => name));
    expect(current).toEqual(expect.arrayContaining(["cities", "towns"]));
    expect(new Set(current).size).toBe(current.length);
  });

  it("takes own metrics, no dimensions, and all kinds of them", async () => {
    const { add } = await withShop();
    expect((await add({ name: "none", metrics: ["revenue"] })).rollup!.dimensions).toEqual([]);
    const dimensions = ["name", "page", "bot", "properties.user_id", "properties.city", "utm_source"];
    const { rollup } = await add({ name: "all", metrics: ["revenue", "orders"], dimensions });
    expect(rollup!.dimensions).toEqual(["name", "page", "bot", "properties.user_id", "city", "utm_source"]);
  });

  it("by many at once loses none", async () => {
    const { add, newest } = await withShop();
    await Promise.all(Array.from({ length: 8 }, (_, i) => add({ ...CITIES, name: `r${i}` })));
    const own = (await newest()).rollups.filter(({ builtIn }) => !builtIn);
    expect(new Set(own.map(({ number }) => number)).size).toBe(8);
  });

  it("of a metric that does not exist fails, naming the nearest", async () => {
    const { add } = await withShop();
    const failure = await failing(add({ ...CITIES, metrics: ["orders", "revenu"] }));
    expect(failure).toMatchObject({ code: "NotFound", reason: "METRIC_NOT_FOUND" });
    expect(failure.message).toBe('rollup.metrics[1]: there is no metric "revenu"; did you mean "revenue"?');
  });

  it("of a metric that is like no other names those that there are", async () => {
    const { add } = await withShop();
    const failure = await failing(add({ ...CITIES, metrics: ["zzzzzzzzzzz"] }));
    expect(failure.message).toMatch(/there are .*revenue/);
  });

  it("with a name that is taken, also by the template, fails", async () => {
    const { add } = await withShop();
    const failure = await failing(add({ ...CITIES, name: "totals" }));
    expect(failure).toMatchObject({ code: "AlreadyExists", reason: "ROLLUP_EXISTS" });
  });

  it("beyond 100 fails, naming the limit", async () => {
    const { add, newest } = await withShop();
    for (let i = (await newest()).rollups.length; i < 100; i++) await add({ ...CITIES, name: `r${i}` });
    const failure = await failing(add(CITIES));
    expect(failure).toMatchObject({ code: "FailedPrecondition", reason: "LIMIT_REACHED" });
    expect(failure.message).toContain("100 is the limit");
  });

  it.each<[string, RollupShape, RegExp]>([
    ["a reserved name", { ...CITIES, name: "main" }, /rollup\.name: "main" is reserved/],
    ["a name of capitals", { ...CITIES, name: "Cities" }, /rollup\.name/],
    ["no metrics", { ...CITIES, metrics: [] }, /rollup\.metrics/],
    ["7 dimensions", { ...CITIES, dimensions: ["a", "b", "c", "d", "e", "f", "g"] }, /rollup\.dimensions/],
    ["an id as a dimension", { ...CITIES, dimensions: ["a", "user_id"] }, /dimensions\[1\]: "user_id" can not be/],
    ["a time as a dimension", { ...CITIES, dimensions: ["time"] }, /"properties\.time"/],
    [
      "a dimension twice",
      { ...CITIES, dimensions: ["city", "properties.city"] },
      /dimensions\[1\]: "city" is named twice/,
    ],
    ["slots that there are not", { ...CITIES, slots: 2 }, /rollup\.slots/],
    ["more tuples than a slot has", { ...CITIES, maxTuples: 257 }, /rollup\.max_tuples/],
  ])("refuses %s", async (_what, rollup, message) => {
    const { add, newest } = await withShop();
    const failure = await failing(add(rollup));
    expect(failure).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
    expect(failure.message).toMatch(message);
    expect((await newest()).revision).toBe(1n);
  });

  it("needs the scope ADMIN, and the project", async () => {
    const { add, as } = await withShop();
    expect(await failing(add(CITIES, as("shop", [Scope.REPORT]).rollups))).toMatchObject({ reason: "SCOPE_MISSING" });
    expect(await failing(add(CITIES, as("blog").rollups))).toMatchObject({ reason: "PROJECT_NOT_FOUND" });
  });
});

describe("reading rollups", () => {
  it("gives them by name", async () => {
    const { rollups } = await withShop();
    const names = (await rollups.listRollups({ projectId: "shop" })).rollups.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toContain("countries");
  });

  it("that do not exist, or are another project's, fails", async () => {
    const { rollups, as } = await withShop();
    const failure = await failing(rollups.getRollup({ projectId: "shop", name: "countrys" }));
    expect(failure).toMatchObject({ code: "NotFound", reason: "ROLLUP_NOT_FOUND" });
    expect(failure.message).toContain('did you mean "countries"?');
    const other = as("blog").rollups.listRollups({ projectId: "shop" });
    expect(await failing(other)).toMatchObject({ reason: "PROJECT_NOT_FOUND" });
  });
});
