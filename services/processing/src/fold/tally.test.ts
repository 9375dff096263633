import { compile, NO_DERIVED_FIELDS } from "@millrace/rollup";
import type { Meter } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { definitionsOf, WEB } from "../test-bed.ts";
import { Tally } from "./tally.ts";

it("counts by outcome and project, with a label of its own for the first hundred projects", () => {
  const counted = new Map<string, number>();
  const add = (count: number, { outcome, project }: { outcome: string; project: string }) =>
    void counted.set(`${outcome} ${project}`, (counted.get(`${outcome} ${project}`) ?? 0) + count);
  const tally = new Tally({ createCounter: () => ({ add }) } as unknown as Meter);
  const plan = compile(definitionsOf("site", WEB), NO_DERIVED_FIELDS);
  for (let i = 0; i < 103; i++) {
    const delta = plan.newDelta(Date.now());
    plan.account(delta, "late");
    plan.account(delta, "duplicate");
    tally.add(`p${i}`, delta);
  }
  expect(tally.total).toMatchObject({ late: 103, duplicate: 103, folded: 0 });
  expect([counted.get("late p0"), counted.get("late p99"), counted.get("late other")]).toEqual([1, 1, 3]);
  expect(counted.size).toBe(2 * 101);
});
