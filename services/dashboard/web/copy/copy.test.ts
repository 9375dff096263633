import { execFileSync } from "node:child_process";
import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ColumnSchema,
  ResultSchema,
  Column_Role as Role,
  RowSchema,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Question } from "../question/question.ts";
import { cliText } from "./cli.ts";
import { csvCell, csvText } from "./csv.ts";
import { curlText } from "./curl.ts";
import { sdkText } from "./sdk.ts";
import { shellWord } from "./shell.ts";

const NOW = Date.parse("2026-11-21T12:00Z");

const question: Question = {
  project: "demo",
  metrics: ["page_views", "visitors"],
  dimensions: ["page"],
  range: { kind: "last", count: 7, unit: "d" },
  zone: "Europe/Berlin",
  every: "1d",
  filters: [
    { dimension: "browser", not: false, values: ["Firefox", "It's"] },
    { dimension: "country", not: true, values: ["DE"] },
  ],
  compare: "previous",
  limit: 10,
};

describe("a question as a line of curl", () => {
  it("holds the request that the page sends, with the key left to the environment", () => {
    const line = curlText(question, "http://127.0.0.1:8080", NOW);
    expect(line).toContain("curl http://127.0.0.1:8080/millrace.reporting.v1.ReportingService/Query");
    expect(line).toContain('"x-api-key: $MILLRACE_KEY"');
    const body = JSON.parse(wordsOf(line).at(-1)!);
    expect(body.query).toMatchObject({
      projectId: "demo",
      metrics: ["page_views", "visitors"],
      timeRange: { relative: { last: 7, unit: "UNIT_DAY" } },
      granularity: "GRANULARITY_1D",
      comparison: "COMPARISON_PREVIOUS_PERIOD",
      limit: 10,
    });
    expect(JSON.stringify(body.query.filter)).toContain("It's");
  });
});

describe("a question for the command line", () => {
  it("has every part of it", () => {
    expect(wordsOf(cliText(question, NOW))).toEqual([
      ...["npx", "millrace", "query", "page_views", "visitors", "--by", "page", "--last", "7d", "--every", "1d"],
      ...["--where", `browser=Firefox|"It's"`, "--where", "country!=DE", "--compare", "previous-period"],
      ...["--limit", "10", "--time-zone", "Europe/Berlin", "--project", "demo"],
    ]);
  });

  it("lets no name of a link become a flag", () => {
    const words = wordsOf(cliText({ ...question, metrics: ["--url=http://evil.example"] }, NOW));
    expect(words.slice(-2)).toEqual(["--", "--url=http://evil.example"]);
    expect(words.indexOf("--url=http://evil.example")).toBe(words.length - 1);
  });

  it("gives days by their ends", () => {
    const words = wordsOf(cliText({ ...question, range: { kind: "yesterday" }, filters: [] }, NOW));
    expect(words).toContain("2026-11-19T23:00Z");
    expect(words).toContain("2026-11-20T23:00Z");
  });

  it("keeps apart text and numbers of filters", () => {
    const filters = [{ dimension: "status", not: false, values: ["200", "a|b", "", "true"] }];
    expect(wordsOf(cliText({ ...question, filters }, NOW))).toContain('status="200"|"a|b"|""|"true"');
  });
});

describe("what values contain and start with, and an order", () => {
  const asked: Question = {
    ...question,
    filters: [
      { dimension: "page", not: false, match: "contains", values: ["a|b"] },
      { dimension: "page", not: false, match: "starts", values: ["/docs"] },
      { dimension: "page", not: false, values: ["/docs/a|b"] },
    ],
    order: { field: "visitors", descending: false },
  };

  it("are in each of the three", () => {
    const query = JSON.parse(wordsOf(curlText(asked, "http://x", NOW)).at(-1)!).query;
    const operators = query.filter.all.filters.map(
      (one: { condition: { operator: string } }) => one.condition.operator,
    );
    expect(operators).toEqual(["OPERATOR_CONTAINS", "OPERATOR_STARTS_WITH", "OPERATOR_EQUALS"]);
    expect(query.orderBy).toEqual([{ field: "visitors" }]);
    const words = wordsOf(cliText(asked, NOW));
    expect(words).toEqual(expect.arrayContaining(['page~"a|b"', "page^=/docs", "--order", "visitors:asc"]));
    const lines = sdkText(asked, "http://x", NOW);
    expect(lines).toContain('page: { contains: "a|b", startsWith: "/docs", in: ["/docs/a|b"] }');
    expect(lines).toContain('orderBy: "visitors"');
  });
});

describe("a question for the SDK", () => {
  it("is written as people write it", () => {
    expect(sdkText(question, "http://127.0.0.1:8080", NOW)).toContain(
      [
        "const { rows } = await millrace.query({",
        '  project: "demo",',
        '  metrics: ["page_views", "visitors"],',
        '  dimensions: ["page"],',
        '  range: { last: "7d" },',
        '  granularity: "1d",',
        '  timeZone: "Europe/Berlin",',
        `  filter: { browser: ["Firefox", "It's"], country: { not: ["DE"] } },`,
        "  limit: 10,",
        '  comparison: "previous_period",',
        "});",
      ].join("\n"),
    );
  });

  it("leaves out what was not asked, and quotes what is no name", () => {
    const filters = [{ dimension: "properties.page", not: false, values: ["/"] }];
    const text = sdkText(
      { project: "a", metrics: ["m"], range: question.range, zone: "UTC", filters },
      "http://x",
      NOW,
    );
    expect(text).toContain('filter: { "properties.page": ["/"] }');
    expect(text).not.toContain("limit");
  });
});

describe("a word for a shell", () => {
  it("is read as what it was", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), { minLength: 1, maxLength: 20 }),
        (texts) => {
          const words = texts.map((text) => text.replaceAll("\0", ""));
          expect(wordsOf(words.map(shellWord).join(" "))).toEqual(words);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("CSV", () => {
  it("holds what was answered, sums exactly", () => {
    const result = create(ResultSchema, {
      columns: [
        create(ColumnSchema, { name: "page", role: Role.DIMENSION }),
        create(ColumnSchema, { name: "revenue", role: Role.METRIC }),
        create(ColumnSchema, { name: "revenue", role: Role.COMPARISON }),
      ],
      rows: [
        create(RowSchema, {
          values: [
            create(ValueSchema, { kind: { case: "stringValue", value: 'a, "b"' } }),
            create(ValueSchema, { kind: { case: "stringValue", value: "12345678901234567.89" } }),
            create(ValueSchema, { kind: { case: "nullValue", value: 0 } }),
          ],
        }),
      ],
    });
    expect(csvText(result)).toBe('page,revenue,revenue (compared)\r\n"a, ""b""",12345678901234567.89,\r\n');
  });

  it("is read back as what it was, whatever is in it", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 12 }), { minLength: 1, maxLength: 5 }), (texts) => {
        const safe = texts.filter((text) => !/^[=+@\t\r\n＝＋－＠-]/.test(text));
        fc.pre(safe.length > 0);
        expect(parseLine(safe.map(csvCell).join(","))).toEqual(safe);
      }),
    );
  });

  it.each(["=HYPERLINK(1)", "+1", "@x", "-x"])("lets no spreadsheet take %s for a formula", (text) => {
    expect(csvCell(text).startsWith("'")).toBe(true);
  });

  it("leaves negative numbers alone", () => {
    expect(csvCell("-12.5")).toBe("-12.5");
    expect(csvCell("-1e-7")).toBe("-1e-7");
  });
});

/** The words that a shell makes of a line. */
function wordsOf(line: string): string[] {
  const text = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
  return text.split("\0").slice(0, -1);
}

/** A line of RFC 4180, read in the plainest way. */
function parseLine(line: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = "";
    if (line[at] === '"') {
      for (at += 1; !(line[at] === '"' && line[at + 1] !== '"'); at++) {
        cell += line[at];
        if (line[at] === '"') at++;
      }
      at++;
    } else {
      while (at < line.length && line[at] !== ",") cell += line[at++];
    }
    cells.push(cell);
    if (at >= line.length) return cells;
    at++;
  }
}
