import { describe, expect, it } from "vitest";
import { differencesOf, planOf } from "./plan.ts";

describe("the plan of a test", () => {
  it.each([1, 99, 100, 101, 1_000])("sends each of %i events at least twice, and counts it once", (count) => {
    const { batches, totals } = planOf("r", count, 0);
    const ids = batches.flat().map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(count);
    for (const id of new Set(ids)) expect(ids.filter((each) => each === id).length).toBeGreaterThanOrEqual(2);
    expect(totals.reduce((sum, total) => sum + total.count, 0)).toBe(count);
    const amounts = new Map(batches.flat().map(({ eventId, properties }) => [eventId, Number(properties?.["amount"])]));
    const cents = [...amounts.values()].reduce((sum, amount) => sum + Math.round(amount * 100), 0);
    expect(totals.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0)).toBe(cents);
  });

  it("writes sums without trailing zeros, as reports do", () => {
    for (const { amount } of planOf("r", 1_000, 0).totals) expect(amount).toMatch(/^\d+(\.\d*[1-9])?$/);
  });
});

describe("a report", () => {
  const total = { kind: "view", count: 2, amount: "1.5" };

  it("is exact when it says what was sent", () => {
    expect(differencesOf([total], [total])).toEqual([]);
  });

  it.each([
    [[], "view: nothing instead of 2 events that sum up to 1.5"],
    [[{ ...total, count: 3 }], "view: 3 events that sum up to 1.5 instead of 2 events that sum up to 1.5"],
    [[{ ...total, amount: "2" }], "view: 2 events that sum up to 2 instead of 2 events that sum up to 1.5"],
  ])("that says %j is not", (reported, difference) => {
    expect(differencesOf([total], reported)).toEqual([difference]);
  });

  it("is not when it has what nobody sent", () => {
    expect(differencesOf([], [total])).toEqual(["view: 2 events that sum up to 1.5 instead of nothing"]);
  });
});
