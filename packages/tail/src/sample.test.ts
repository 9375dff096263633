import fc from "fast-check";
import { expect, it } from "vitest";
import { Sample } from "./sample.ts";

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function offer(sample: Sample<number>, item: number, bytes = 1): void {
  if (sample.wants()) sample.put(item, bytes);
}

it("gives or counts everything that came, within its bounds and in order, however often it is emptied", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 200 });
  const limits = fc.record({ itemsMax: fc.integer({ min: 1, max: 20 }), bytesMax: fc.integer({ min: 1, max: 300 }) });
  const takes = fc.array(fc.record({ sizes, lost: fc.nat(5), taken: limits }), { maxLength: 5 });
  fc.assert(
    fc.property(limits, takes, fc.nat(), (bounds, rounds, seed) => {
      const sample = new Sample<number>(bounds, randomFrom(seed));
      for (const { sizes, lost, taken } of rounds) {
        sizes.forEach((bytes, item) => {
          offer(sample, item, bytes);
          expect(sample.bytes <= bounds.bytesMax || sample.bytes <= 50).toBe(true);
        });
        sample.skip(lost);
        const { items, skipped } = sample.take(taken);
        const bytes = items.reduce((sum, item) => sum + sizes[item]!, 0);
        expect(items.length + skipped).toBe(sizes.length + lost);
        expect(items.length).toBeLessThanOrEqual(Math.min(bounds.itemsMax, taken.itemsMax));
        expect(bytes).toBeLessThanOrEqual(taken.bytesMax);
        expect(items).toEqual([...new Set(items)].sort((a, b) => a - b));
        expect(sample.isEmpty).toBe(true);
      }
    }),
  );
});

it("gives everything while there is room", () => {
  const sample = new Sample<number>({ itemsMax: 10, bytesMax: 100 }, randomFrom(1));
  for (let item = 0; item < 10; item++) offer(sample, item, 10);
  expect(sample.take()).toEqual({ items: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], skipped: 0 });
});

it.each([
  { itemsMax: 10, bytesMax: 1_000 },
  { itemsMax: 1_000, bytesMax: 10 },
])("takes the last of a burst as often as the first ($itemsMax items, $bytesMax bytes)", (limits) => {
  const random = randomFrom(7);
  const sample = new Sample<number>(limits, random);
  const quarters = [0, 0, 0, 0];
  for (let round = 0; round < 400; round++) {
    for (let item = 0; item < 200; item++) offer(sample, item);
    for (const item of sample.take().items) quarters[Math.floor(item / 50)]! += 1;
  }
  // 1,000 of each quarter are expected, give or take some 27.
  for (const count of quarters) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
