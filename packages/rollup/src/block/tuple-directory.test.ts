import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TupleDirectory } from "./tuple-directory.ts";

/** The number of a text, as a reader gets it. */
function numberOf(directory: TupleDirectory, text: string): number {
  const bytes = Buffer.from(`xx${text}x`);
  const found = directory.find(bytes, 2, bytes.length - 1);
  return found >= 0 ? found : directory.add(bytes, 2, bytes.length - 1, text);
}

describe("a directory of tuples", () => {
  it("gives each text one number, in order of first appearance", () => {
    const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 6 }), { maxLength: 60 });
    fc.assert(
      fc.property(texts, (list) => {
        const directory = new TupleDirectory(7);
        const known: string[] = [];
        for (const text of list) {
          if (!known.includes(text)) known.push(text);
          expect(numberOf(directory, text)).toBe(known.indexOf(text));
        }
        expect(directory.texts).toEqual(known);
      }),
      { numRuns: 100 },
    );
  });

  it("still knows all of them once it has grown many times", () => {
    const directory = new TupleDirectory(7);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20_000; i++) expect(numberOf(directory, `page ${i}`)).toBe(i);
    }
  });
});
