import { expect, it } from "vitest";
import { Attempts } from "./attempts.ts";

it("counts addresses apart from each other, and all of them together", () => {
  let nowMs = 0;
  const attempts = new Attempts(() => nowMs);
  for (let i = 0; i < 10; i++) attempts.failed("a");
  expect(() => attempts.check("a")).toThrow("the next in 60 seconds");
  attempts.check("b");
  for (let i = 0; i < 290; i++) attempts.failed(`address ${i}`);
  expect(() => attempts.check("b")).toThrow("too many attempts");
  nowMs = 60_000;
  attempts.check("a");
  attempts.check("b");
});
