import { describe, expect, it } from "vitest";
import { csvLine } from "./csv-text.ts";
import { elapsed, grouped, groupedDecimal, rounded } from "./number-text.ts";
import { layOut } from "./table.ts";
import { fitted, textWidth } from "./text-width.ts";

const columns = [{ title: "page" }, { title: "views", align: "right" as const }];

describe("tables", () => {
  it("align text left and numbers right", () => {
    const text = layOut(
      columns,
      [
        ["/", "1,234"],
        ["/docs", "5"],
      ],
      { width: undefined, isColored: false },
    );
    expect(text).toBe("page   views\n/      1,234\n/docs      5");
  });

  it("cut the longest text, never a number, to fit the terminal", () => {
    const text = layOut(columns, [["/a/very/long/path/that/goes/on", "1,234,567"]], { width: 24, isColored: false });
    expect(text.split("\n")[1]).toBe("/a/very/long…  1,234,567");
  });

  it("count wide characters as two, and show control characters as dots", () => {
    expect(textWidth("日本")).toBe(4);
    expect(fitted("日本語", 5)).toBe("日本…");
    expect(layOut([{ title: "a" }], [["x\u001b[31m"]], { width: undefined, isColored: false })).toBe("a\nx·[31m");
  });
});

describe("numbers", () => {
  it("are grouped without losing a digit", () => {
    expect(grouped(541_909)).toBe("541,909");
    expect(groupedDecimal("-9747747.934")).toBe("-9,747,747.934");
    expect(groupedDecimal("123456789012345678.000001")).toBe("123,456,789,012,345,678.000001");
    expect(rounded(1234.5678)).toBe("1,234.568");
    expect(rounded(0.000012345)).toBe("0.00001235");
    expect(elapsed(185_000)).toBe("3 min 05 s");
  });
});

describe("CSV", () => {
  it("quotes only what needs it", () => {
    expect(csvLine(["a", 'b"c', "d,e", "", " f"])).toBe('a,"b""c","d,e",," f"\n');
  });
});
