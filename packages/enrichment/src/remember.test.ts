import { expect, it } from "vitest";
import { remember } from "./remember.ts";

it("remembers no more answers than it may, and works the others out again", () => {
  const worked: string[] = [];
  const upper = remember(2, (text) => {
    worked.push(text);
    return { text: text.toUpperCase() };
  });
  expect(["a", "b", "a", "c", "a", "b"].map((text) => upper(text).text)).toEqual(["A", "B", "A", "C", "A", "B"]);
  expect(worked).toEqual(["a", "b", "c", "b"]);
});
