import { describe, expect, it } from "vitest";
import { LINE_BYTES_MAX, type Line, readLines } from "./lines.ts";
import { inPieces } from "./test-rows.ts";

async function linesOf(chunks: AsyncIterable<Buffer>): Promise<Line[]> {
  const all: Line[] = [];
  for await (const some of readLines(chunks)) all.push(...some);
  return all;
}

describe("lines", () => {
  it("are the same however the bytes arrive", async () => {
    const text = "\ufeffeins\r\n\nzwöi\n  drü \nohne Ende";
    for (const size of [1, 2, 3, 1_000]) {
      expect(await linesOf(inPieces(text, size))).toEqual([
        { number: 1, text: "eins" },
        { number: 3, text: "zwöi" },
        { number: 4, text: "drü" },
        { number: 5, text: "ohne Ende" },
      ]);
    }
  });

  it("that are too long come without their text, and the next ones as usual", async () => {
    const text = `a\n${"x".repeat(LINE_BYTES_MAX + 1)}\nb\n`;
    expect(await linesOf(inPieces(text, 65_536))).toEqual([
      { number: 1, text: "a" },
      { number: 2, text: undefined },
      { number: 3, text: "b" },
    ]);
  });
});
