import { compile, NO_DERIVED_FIELDS } from "@millrace/rollup";
import { recordedMeter } from "@millrace/telemetry/testing";
import { expect, it } from "vitest";
import { definitionsOf, WEB } from "../test-bed.ts";
import { Tally } from "./tally.ts";

it("counts by outcome and project, with a label of its own for the first hundred projects", () => {
  const { meter, values } = recordedMeter();
  const tally = new Tally(meter);
  const plan = compile(definitionsOf("site", WEB), NO_DERIVED_FIELDS);
  for (let i = 0; i < 103; i++) {
    const delta = plan.newDelta(Date.now());
    plan.account(delta, "late");
    plan.account(delta, "duplicate");
    tally.add(`p${i}`, delta);
  }
  expect(tally.total).toMatchObject({ late: 103, duplicate: 103, folded: 0 });
  const late = values("millrace.processing.events late");
  expect(["p0", "p99", "other"].map((project) => late[`millrace.processing.events late ${project}`])).toEqual([
    1, 1, 3,
  ]);
  expect(Object.keys(values())).toHaveLength(2 * 101);
});
