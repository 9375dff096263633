import { expect, it } from "vitest";
import { AttemptSize } from "./attempt-size.ts";

const MEBIBYTE = 1024 * 1024;

it("grows to the most while answers are quick", () => {
  const size = new AttemptSize(4 * MEBIBYTE);
  for (let i = 0; i < 5; i++) size.answered(size.bytes, 50);
  expect(size.bytes).toBe(4 * MEBIBYTE);
});

it("tells nothing from attempts that were small for other reasons", () => {
  const size = new AttemptSize(4 * MEBIBYTE);
  const before = size.bytes;
  size.answered(1000, 50);
  size.answered(1000, 9000);
  size.failed(1000);
  expect(size.bytes).toBe(before);
});

it.each([10_000, 50_000, 1_000_000])("finds a size whose answer is not long in coming at %i bytes a second", (rate) => {
  const size = new AttemptSize(4 * MEBIBYTE);
  const took: number[] = [];
  for (let i = 0; i < 20; i++) {
    took.push((size.bytes / rate) * 1000);
    size.answered(size.bytes, took.at(-1)!);
  }
  expect(Math.max(...took.slice(10))).toBeLessThan(10_000);
});
