import { create } from "@bufbuild/protobuf";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_BYTES_MAX, cellBytesMax, limitCells } from "./block-limits.ts";

const AGGREGATIONS = [Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE, Aggregation.AVERAGE] as const;
const metrics = new Map(
  AGGREGATIONS.map((aggregation) => {
    const name = `m${aggregation}`;
    return [name, create(MetricSchema, { number: aggregation, name, aggregation, property: "p" })];
  }),
);

describe("the limits on cells", () => {
  const rollup = (maxTuples: number, dimensions: number, ...names: string[]) =>
    create(RollupSchema, {
      maxTuples,
      metrics: names,
      dimensions: Array.from({ length: dimensions }, (_, i) => `d${i}`),
    });

  it("are what was asked for, up to 256, while there is room", () => {
    const rollups = [rollup(0, 1, "m1"), rollup(8, 1, "m1"), rollup(0, 0, "m1")];
    expect(limitCells(rollups, metrics)).toEqual([256, 8, 1]);
  });

  it("are lowered for those that ask for most, so that no block can grow past 1 MiB", () => {
    const any = fc.record({
      maxTuples: fc.integer({ min: 0, max: 256 }),
      dimensions: fc.integer({ min: 0, max: 6 }),
      names: fc.uniqueArray(fc.constantFrom(...metrics.keys()), { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 20 }), (list) => {
        const rollups = list.map((r) => rollup(r.maxTuples, r.dimensions, ...r.names));
        const limits = limitCells(rollups, metrics);
        let bytes = 0;
        for (const [i, limit] of limits.entries()) {
          const cells = rollups[i]!.dimensions.length === 0 ? 1 : limit + 1;
          bytes += cells * cellBytesMax(rollups[i]!, metrics);
          expect(limit).toBeGreaterThan(0);
        }
        expect(bytes).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
      }),
      { numRuns: 100 },
    );
  });
});
