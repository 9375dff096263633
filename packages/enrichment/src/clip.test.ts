import fc from "fast-check";
import { expect, it } from "vitest";
import { clip, VALUE_BYTES_MAX } from "./clip.ts";

it("keeps as many whole characters as fit", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      let expected = "";
      for (const character of text) {
        if (Buffer.byteLength(expected + character) > VALUE_BYTES_MAX) break;
        expected += character;
      }
      expect(clip(text)).toBe(expected);
    }),
  );
});
