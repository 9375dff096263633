import { create } from "@bufbuild/protobuf";
import { GetCatalogResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../question/catalog.ts";
import { dimensionChoices, missingFor } from "./combine.ts";

type Rollup = { readonly metrics: readonly string[]; readonly dimensions: readonly string[] };

const METRICS = ["views", "visitors", "latency"];
const DIMENSIONS = ["page", "country", "browser", "os"];

function catalogOf(rollups: readonly Rollup[]): Catalog {
  return create(GetCatalogResponseSchema, {
    metrics: METRICS.map((name) => ({ name })),
    dimensions: DIMENSIONS.map((name) => ({ name })),
    rollups: rollups.map(({ metrics, dimensions }) => ({ metrics: [...metrics], dimensions: [...dimensions] })),
  });
}

/** Every question of one metric that the rollups answer, written out. */
function answerable(rollups: readonly Rollup[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const { metrics, dimensions } of rollups) {
    for (let chosen = 0; chosen < 2 ** DIMENSIONS.length; chosen++) {
      const wanted = DIMENSIONS.filter((_, bit) => (chosen >> bit) % 2 === 1);
      if (wanted.some((one) => !dimensions.includes(one))) continue;
      for (const metric of metrics) all.add(`${metric} by ${wanted.join()}`);
    }
  }
  return all;
}

const rollups = fc.array(
  fc.record({ metrics: fc.subarray(METRICS, { minLength: 1 }), dimensions: fc.subarray(DIMENSIONS) }),
  { maxLength: 6 },
);

describe("the dimensions that can be added", () => {
  it("are those by which some rollup keeps each metric, together with all that is needed already", () => {
    fc.assert(
      fc.property(rollups, fc.subarray(METRICS, { minLength: 1 }), fc.subarray(DIMENSIONS), (kept, metrics, needed) => {
        const known = answerable(kept);
        const choices = dimensionChoices(catalogOf(kept), metrics, needed);
        expect(choices.map(({ name }) => name)).toEqual(DIMENSIONS);
        for (const { name, missing } of choices) {
          const wanted = DIMENSIONS.filter((one) => one === name || needed.includes(one));
          const lacking = metrics.filter((metric) => !known.has(`${metric} by ${wanted.join()}`));
          expect(missing?.metrics ?? []).toEqual(lacking);
          if (missing !== undefined) expect(missing.dimensions.toSorted()).toEqual(wanted.toSorted());
        }
      }),
      { numRuns: 300 },
    );
  });

  it("could all be added once the rollup that is named has been made", () => {
    fc.assert(
      fc.property(rollups, fc.subarray(METRICS, { minLength: 1 }), fc.subarray(DIMENSIONS), (kept, metrics, needed) => {
        for (const { missing } of dimensionChoices(catalogOf(kept), metrics, needed)) {
          if (missing?.command === undefined) continue;
          const [, , , , , , made = "", , by = ""] = ["npx", ...missing.command.split(" ")];
          const more = { metrics: made.split(","), dimensions: by.split(",") };
          expect(missingFor(catalogOf([...kept, more]), metrics, missing.dimensions)).toBeUndefined();
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("what is missing", () => {
  const catalog = catalogOf([{ metrics: ["views", "latency"], dimensions: ["page"] }]);

  it("is said by metric: quantiles are kept with their metric", () => {
    expect(missingFor(catalog, ["views", "latency.p95"], ["page"])).toBeUndefined();
    expect(missingFor(catalog, ["views", "latency.p95", "latency.p50", "visitors"], ["page", "os"])).toEqual({
      metrics: ["views", "latency", "visitors"],
      dimensions: ["page", "os"],
      command: "millrace rollup create by_page_os --metrics views,latency,visitors --by page,os",
    });
  });

  it("has no line to make it where a rollup would have too many dimensions", () => {
    expect(missingFor(catalog, ["views"], ["a", "b", "c", "d", "e", "f", "g"])?.command).toBeUndefined();
    expect(missingFor(catalog, ["visitors"], [])?.command).toBe(
      "millrace rollup create visitors_total --metrics visitors",
    );
  });
});
