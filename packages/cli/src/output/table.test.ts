import { describe, expect, it } from "vitest";
import { csvLine } from "./csv-text.ts";
import { jsonText } from "./json-text.ts";
import { elapsed, grouped, groupedDecimal, rounded } from "./number-text.ts";
import { layOut } from "./table.ts";
import { fitted, printable, printableLines, textWidth } from "./text-width.ts";

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

  it("holds nothing that a spreadsheet takes for a formula, and leaves numbers alone", () => {
    expect(csvLine(["=cmd()", "+1", "@a", "-x", "\t=1", "＝1"])).toBe(`'=cmd(),'+1,'@a,'-x,'\t=1,'＝1\n`);
    expect(csvLine(["-12.5", "-1e-7", "5", "a=b"])).toBe("-12.5,-1e-7,5,a=b\n");
  });

  it("is written to files as it is, and to terminals without what they obey", () => {
    expect(csvLine(["\u001b]0;a\u0007"], { isTerminal: false })).toBe("\u001b]0;a\u0007\n");
    expect(csvLine(["\u001b]0;a\u0007"], { isTerminal: true })).toBe("·]0;a·\n");
  });
});

describe("what strangers wrote", () => {
  const hostile = "\u001b]0;a\u0007 \u009b2J \u202e \u2066 \u007f \u2028";

  it("can't take over a terminal, nor turn its text around", () => {
    expect(printable(hostile)).toBe("·]0;a· ·2J · · · ·");
    expect(printableLines("a\n\u001b[1mb")).toBe("a\n·[1mb");
    expect(printable("שלום, 日本, café 👩‍👩‍👧")).toBe("שלום, 日本, café 👩‍👩‍👧");
  });

  it("is the same in JSON, in characters that no terminal obeys", () => {
    const text = jsonText({ [hostile]: [hostile] });
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(text)).toEqual({ [hostile]: [hostile] });
    expect(jsonText({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
  });
});
