import { expect, it } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

it("allows a few repetitions where everything fails, then none until enough has succeeded", () => {
  const budget = new RetryBudget();
  expect(Array.from({ length: 8 }, () => budget.failed())).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  for (let i = 0; i < 39; i++) budget.succeeded();
  expect(budget.failed()).toBe(false);
  for (let i = 0; i < 100; i++) budget.succeeded();
  expect(budget.failed()).toBe(true);
});

it("repeats no more than a tenth of what succeeds, in the long run", () => {
  const budget = new RetryBudget();
  let repeated = 0;
  for (let i = 0; i < 10_000; i++) {
    budget.succeeded();
    if (budget.failed()) repeated++;
  }
  expect(repeated).toBeLessThanOrEqual(10 + 1_000);
});
