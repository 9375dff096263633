import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dimensionText } from "./dimension-text.ts";

describe("the text of a dimension's value", () => {
  it("is the value's canonical text", () => {
    expect(dimensionText(undefined)).toBe("");
    expect(dimensionText("GET /")).toBe("GET /");
    expect(dimensionText(200)).toBe("200");
    expect(dimensionText(-0)).toBe("0");
    expect(dimensionText(0.1 + 0.2)).toBe("0.30000000000000004");
    expect(dimensionText(true)).toBe("true");
    expect(dimensionText(false)).toBe("false");
  });

  it("keeps exactly 200 bytes and cuts the next", () => {
    expect(dimensionText("x".repeat(200))).toBe("x".repeat(200));
    expect(dimensionText("x".repeat(201))).toBe("x".repeat(200));
  });

  it("has no NUL, which stands between values", () => {
    expect(dimensionText("a\0b")).toBe("a\ufffdb");
    expect(dimensionText("\0".repeat(300))).toBe("\ufffd".repeat(66));
  });

  it("is the longest start of the text that ends with a character and takes at most 200 bytes", () => {
    const unit = fc.constantFrom("a", "é", "€", "😀", "\0", "b");
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 250 }), (units) => {
        const written = units.map((text) => (text === "\0" ? "\ufffd" : text));
        let expected = "";
        for (const text of written) {
          if (Buffer.byteLength(expected + text) > 200) break;
          expected += text;
        }
        expect(dimensionText(units.join(""))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
