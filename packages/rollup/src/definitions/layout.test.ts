import { create } from "@bufbuild/protobuf";
import { Aggregation, MetricSchema } from "@millrace/api/millrace/config/v1/metric_pb";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import { describe, expect, it } from "vitest";
import { layoutFamilies } from "./layout.ts";

const metrics = [
  create(MetricSchema, { number: 1, name: "events", aggregation: Aggregation.COUNT }),
  create(MetricSchema, { number: 2, name: "users", aggregation: Aggregation.UNIQUE, property: "user_id" }),
];

function rollup(number: number, name: string, slots = 1, metrics = ["events"]): Rollup {
  return create(RollupSchema, { number, name, metrics, dimensions: ["name"], slots });
}

function lay(previous: Parameters<typeof layoutFamilies>[0], ...rollups: Rollup[]) {
  return layoutFamilies(previous, rollups, metrics);
}

function shown(families: ReturnType<typeof layoutFamilies>): string[] {
  return families.map(
    (f) => `${f.name}@${f.version}/${f.slots} [${f.rollupNumbers.join(" ")}]${f.current ? "" : " past"}`,
  );
}

describe("the layout of families", () => {
  it("has the accounting in main even where there are no rollups", () => {
    expect(shown(lay([]))).toEqual(["main@1/1 [0]"]);
  });

  it("puts rollups of one slot in main, others in families of their own names", () => {
    expect(shown(lay([], rollup(1, "a"), rollup(2, "b", 16), rollup(3, "c", 0)))).toEqual([
      "b@1/16 [2]",
      "main@1/1 [0 1 3]",
    ]);
  });

  it("changes a family's version only when its own rollups do, and keeps past versions", () => {
    const first = lay([], rollup(1, "a"), rollup(2, "b", 16));
    const same = lay(first, rollup(1, "a"), rollup(2, "b", 16));
    expect(shown(same)).toEqual(shown(first));
    const more = lay(first, rollup(1, "a"), rollup(2, "b", 16), rollup(3, "c"));
    expect(shown(more)).toEqual(["b@1/16 [2]", "main@1/1 [0 1] past", "main@2/1 [0 1 3]"]);
    const evenMore = lay(more, rollup(1, "a"), rollup(2, "b", 16), rollup(3, "c"), rollup(4, "d", 64));
    expect(shown(evenMore)).toEqual(["b@1/16 [2]", "d@1/64 [4]", "main@1/1 [0 1] past", "main@2/1 [0 1 3]"]);
  });

  it("does not depend on the order of the rollups, and does not change what it is given", () => {
    const first = lay([], rollup(1, "a"));
    const before = shown(first);
    expect(shown(lay(first, rollup(2, "b"), rollup(1, "a")))).toEqual(
      shown(lay(first, rollup(1, "a"), rollup(2, "b"))),
    );
    expect(shown(first)).toEqual(before);
  });

  it("gives a rollup that has no room in main a family of its own, and leaves the earlier ones where they are", () => {
    const large = Array.from({ length: 12 }, (_, i) => rollup(i + 1, `r${i + 1}`, 1, ["users"]));
    const families = lay([], ...large);
    const main = families.find((family) => family.name === "main")!;
    expect(main.rollupNumbers.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(families.length).toBeGreaterThan(1);
    expect(families.flatMap((family) => family.rollupNumbers).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 13 }, (_, i) => i),
    );
  });
});
