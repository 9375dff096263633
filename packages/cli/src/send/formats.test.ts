import { describe, expect, it } from "vitest";
import { COMBINED_COLUMNS, readCombinedLog } from "./combined-log.ts";
import { readCsv } from "./csv.ts";
import { readNdjson } from "./ndjson.ts";
import { allRows, inPieces } from "./test-rows.ts";

describe("CSV", () => {
  it("has its cells by the header, over quotes and line breaks", async () => {
    const source = await readCsv(inPieces('a, b\r\n1,"x, ""y""\nz"\r\n\r\n2,Grüße\r\n'), ",");
    expect(source.columns).toEqual(["a", "b"]);
    const rows = await allRows(source);
    expect(rows.map(({ cells }) => cells)).toEqual([
      ["1", 'x, "y"\nz'],
      ["2", "Grüße"],
    ]);
    expect(rows.map(({ position }) => position)).toEqual([0, 1]);
  });

  it("with rows of a wrong width keeps the others", async () => {
    const rows = await allRows(await readCsv(inPieces("a;b\n1;2\n3\n4;5\n"), ";"));
    expect(rows.map(({ problem }) => problem)).toEqual([undefined, "the row has 1 cells, the header 2", undefined]);
    expect(rows[1]!.line).toBe(3);
  });

  it("with wrong quotes rejects that row and goes on", async () => {
    const rows = await allRows(await readCsv(inPieces('a,b\n1,2\n3,x"y\n4,5\n'), ","));
    expect(rows.filter(({ problem }) => problem !== undefined)).toHaveLength(1);
    expect(rows.filter(({ problem }) => problem === undefined).map(({ cells }) => cells)).toEqual([
      ["1", "2"],
      ["4", "5"],
    ]);
  });

  it("needs a header whose names differ", async () => {
    await expect(readCsv(inPieces(""), ",")).rejects.toThrow(/no header/);
    await expect(readCsv(inPieces("a,a\n"), ",")).rejects.toThrow(/"a" twice/);
  });
});

describe("NDJSON", () => {
  it("is an object a line; other lines are rejected with their number", async () => {
    const rows = await allRows(readNdjson(inPieces('{"a":1}\n[1]\n\n{oops\n{"b":null}')));
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [1, undefined],
      [2, "the line is not a JSON object"],
      [4, "the line is not JSON"],
      [5, undefined],
    ]);
  });
});

describe("access logs", () => {
  const line = (agent: string) =>
    `83.149.9.216 - frank [17/May/2015:10:05:03 +0000] "GET /a?b=%20c HTTP/1.1" 200 203023 "http://x.org/\\"q\\"" "${agent}"`;
  async function cellsOf(text: string) {
    const [row] = await allRows(readCombinedLog(inPieces(text)));
    return Object.fromEntries(COMBINED_COLUMNS.map((name, at) => [name, (row!.cells as string[])[at]]));
  }

  it("give their columns", async () => {
    expect(await cellsOf(line("Mozilla/5.0 (X11)"))).toMatchObject({
      ip: "83.149.9.216",
      user: "frank",
      time: "17/May/2015:10:05:03 +0000",
      method: "GET",
      path: "/a?b=%20c",
      protocol: "HTTP/1.1",
      status: "200",
      bytes: "203023",
      referrer: 'http://x.org/"q"',
      user_agent: "Mozilla/5.0 (X11)",
    });
  });

  it("tell visitors apart without their address", async () => {
    const [a, b] = [await cellsOf(line("A")), await cellsOf(line("B"))];
    expect(a["visitor"]).toMatch(/^[0-9a-f]{32}$/);
    expect(a["visitor"]).not.toBe(b["visitor"]);
    expect(a["visitor"]).toBe((await cellsOf(line("A").replace("/a?", "/other?")))["visitor"]);
  });

  it("keep what there is of a user agent that was cut off", async () => {
    const cut = line("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www").slice(0, -1);
    expect(await cellsOf(cut)).toMatchObject({ user_agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www" });
  });

  it("may be of the common format, or have broken requests", async () => {
    const common = await cellsOf('1.2.3.4 - - [17/May/2015:10:05:03 +0000] "-" 408 -');
    expect(common).toMatchObject({ path: "", method: "", status: "408", bytes: "", user_agent: "", user: "" });
    const [row] = await allRows(readCombinedLog(inPieces("no log line")));
    expect(row!.problem).toMatch(/combined log format/);
  });
});
