import { create } from "@bufbuild/protobuf";
import { DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { describe, expect, it } from "vitest";
import type { State, StateKind } from "../aggregation/state.ts";
import { Block } from "../block/block.ts";
import { tupleOf } from "../block/tuple.ts";
import { RESERVED_METRIC_NAMES, RESERVED_ROLLUP_NAMES } from "../definitions/accounting.ts";
import { BLOCK_BYTES_MAX, DIMENSION_BYTES_MAX } from "../definitions/block-limits.ts";
import { readableFamilies } from "../definitions/family-plan.ts";
import { layoutFamilies } from "../definitions/layout.ts";
import { FIRST_OWN_NUMBER, templateMetrics, templateRollups } from "./template.ts";

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** A state that has seen so much that it is as large as they get in practice. */
function fullState(kind: StateKind): State {
  const state = kind.create();
  for (let i = 0; i < 20_000; i++) {
    if (kind.input === "one") state.addOne();
    else if (kind.input === "number") state.addNumber((i % 2 === 0 ? 1 : -1) * 1.0021 ** (i / 2));
    else state.addHash(Math.imul(i, 0x9e3779b1) >>> 0, Math.imul(i, 0x85ebca6b) >>> 0);
  }
  return state;
}

describe.each([
  { name: "web", template: Template.WEB },
  { name: "service", template: Template.SERVICE },
  { name: "shop", template: Template.SHOP },
])("the template $name", ({ template }) => {
  const metrics = [...templateMetrics(template)];
  const rollups = [...templateRollups(template)];
  const families = layoutFamilies([], rollups, metrics);

  it("has valid, distinct names and numbers, none of which is reserved", () => {
    for (const list of [metrics, rollups]) {
      expect(new Set(list.map(({ number }) => number)).size).toBe(list.length);
      expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
      for (const { name, number, builtIn } of list) {
        expect(name).toMatch(NAME);
        expect([...RESERVED_METRIC_NAMES, ...RESERVED_ROLLUP_NAMES]).not.toContain(name);
        expect(number).toBeGreaterThan(0);
        expect(number).toBeLessThan(FIRST_OWN_NUMBER);
        expect(builtIn).toBe(true);
      }
    }
  });

  it("keeps as many tuples as its rollups ask for", () => {
    const plans = readableFamilies(create(DefinitionsSchema, { metrics, rollups, families })).flatMap((f) => f.rollups);
    for (const { number, name, maxTuples, dimensions } of rollups) {
      const asked = dimensions.length === 0 ? 1 : maxTuples || 256;
      expect([name, plans.find((plan) => plan.number === number)?.maxCells]).toEqual([name, asked]);
    }
  });

  it("makes no block of more than 1 MiB, however many tuples and values there are", () => {
    for (const family of readableFamilies(create(DefinitionsSchema, { metrics, rollups, families }))) {
      const block = Block.empty(family.schema);
      for (const [index, { kinds, maxCells }] of family.schema.rollups.entries()) {
        const cell = kinds.map(fullState);
        const width = family.rollups[index]!.dimensions.length;
        for (let i = 0; i <= maxCells; i++) {
          const values = Array.from({ length: width }, () => String(i).padStart(DIMENSION_BYTES_MAX, "x"));
          block.merge(index, tupleOf(values), cell);
        }
      }
      block.advance(Number.MAX_SAFE_INTEGER - 1, 1e12);
      expect(block.encode().length).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
    }
  });

  it("has the numbers and layout that were released", () => {
    expect({
      metrics: metrics.map(({ number, name, aggregation, property }) => [number, name, aggregation, property]),
      rollups: rollups.map(({ number, name, metrics, dimensions, slots }) => [
        number,
        name,
        metrics,
        dimensions,
        slots,
      ]),
      families: families.map(({ name, slots, rollupNumbers }) => [name, slots, rollupNumbers]),
    }).toMatchSnapshot();
  });
});

describe("a project without a template", () => {
  it("starts with nothing", () => {
    expect(templateMetrics(Template.UNSPECIFIED)).toEqual([]);
    expect(templateRollups(Template.UNSPECIFIED)).toEqual([]);
  });
});
