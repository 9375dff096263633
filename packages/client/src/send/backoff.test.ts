import { describe, expect, it } from "vitest";
import { Backoff } from "./backoff.ts";
import { RetryBudget } from "./retry-budget.ts";

describe("delays between attempts", () => {
  const limits = { initialMs: 100, maxMs: 1000 };

  it("are anywhere between nothing and a bound that doubles up to the greatest", () => {
    for (const chance of [0, 0.25, 0.999]) {
      const backoff = new Backoff(limits, () => chance);
      const delays = Array.from({ length: 6 }, () => backoff.next());
      expect(delays).toEqual([100, 200, 400, 800, 1000, 1000].map((bound) => bound * chance));
    }
  });

  it("are at least what the server asks for, and begin small again when something went well", () => {
    const backoff = new Backoff(limits, () => 0.5);
    expect(backoff.next(5000)).toBe(5050);
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(50);
  });
});

describe("the budget of retries", () => {
  it("lets a burst go, then as many as time earns", () => {
    const budget = new RetryBudget({ burst: 3, perSuccess: 0.5, perSecond: 0.1 }, 0);
    expect([0, 0, 0].map(() => budget.withdraw(0))).toEqual([0, 0, 0]);
    expect(budget.withdraw(0)).toBe(10_000);
    expect(budget.withdraw(0)).toBe(20_000);
    expect(budget.withdraw(40_000)).toBe(0);
  });

  it("earns by what goes well, up to the burst", () => {
    const budget = new RetryBudget({ burst: 2, perSuccess: 0.5, perSecond: 0.1 }, 0);
    budget.withdraw(0);
    budget.withdraw(0);
    for (let i = 0; i < 100; i++) budget.deposit();
    expect([0, 0].map(() => budget.withdraw(0))).toEqual([0, 0]);
    expect(budget.withdraw(0)).toBeGreaterThan(0);
  });
});
