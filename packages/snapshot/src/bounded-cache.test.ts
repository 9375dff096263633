import { expect, it } from "vitest";
import { BoundedCache } from "./bounded-cache.ts";

type Sized = { readonly bytes: number };

function cacheOf(entriesMax: number, bytesMax: number): BoundedCache<Sized> {
  return new BoundedCache({ entriesMax, bytesMax, sizeOf: ({ bytes }) => bytes });
}

it("keeps so many values, those that were used last", () => {
  const cache = cacheOf(3, 1_000);
  for (const key of ["a", "b", "c"]) cache.set(key, { bytes: 1 });
  cache.get("a");
  cache.peek("b");
  cache.set("d", { bytes: 1 });
  expect(["a", "b", "c", "d"].filter((key) => cache.peek(key) !== undefined)).toEqual(["a", "c", "d"]);
});

it("keeps so many bytes, and nothing that is larger than all may be", () => {
  const cache = cacheOf(100, 10);
  for (const key of ["a", "b", "c"]) cache.set(key, { bytes: 4 });
  cache.set("huge", { bytes: 11 });
  expect(["a", "b", "c", "huge"].filter((key) => cache.peek(key) !== undefined)).toEqual(["b", "c"]);
});

it("counts a value that takes no bytes", () => {
  const cache = cacheOf(2, 1_000);
  for (const key of ["a", "b", "c"]) cache.set(key, { bytes: 0 });
  expect(["a", "b", "c"].filter((key) => cache.peek(key) !== undefined)).toEqual(["b", "c"]);
});
