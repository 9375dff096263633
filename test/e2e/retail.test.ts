/**
 * A shop imports its order lines of a year with the command line, and asks what was sold: revenue to the last digit,
 * orders, buyers and products as exact as the answer says; by month, by country, by both. Imported again, nothing changes.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Millrace, startMillrace } from "@millrace/harness";
import { askWithColumns, between, decimal, Granularity, type Question } from "@millrace/harness/load";
import { describe, expect, it } from "vitest";
import { dataSets, everyNthLine, IS_WHOLE } from "./data-sets.ts";
import { generateRetail, keepBook, Ledger } from "./retail-book.ts";

const PROJECT = "shop";
const GENERATED_ROWS = 12_000;
/** Leaves some 30,000 rows of every month. */
const EVERY_NTH = 18;
/** Within as many standard errors an estimate has to be: beyond, it is wrong (1 in 16,000 by chance). */
const STANDARD_ERRORS_MAX = 4;

const MAPPING = [
  "name='order'",
  "time=InvoiceDate",
  "user_id=CustomerID",
  "order_id=InvoiceNo",
  "product=StockCode",
  "quantity=Quantity",
  "revenue=Quantity*UnitPrice",
  "country=Country",
];

const SOLD: Question = {
  projectId: PROJECT,
  metrics: ["revenue", "items", "orders", "buyers", "products"],
  timeRange: between("2010-12-01T00:00Z", "2012-01-01T00:00Z"),
};

const sets = dataSets(
  { file: "online_retail.csv.gz", take: (text) => (IS_WHOLE ? text : everyNthLine(text, EVERY_NTH)) },
  () => generateRetail(GENERATED_ROWS),
);

describe.each(sets)("a shop's year, $title", ({ text }) => {
  it("is imported once, however often it is, and answers as its books do", async () => {
    const millrace = await startMillrace();
    const csv = text();
    const book = keepBook(csv);
    writeFileSync(join(millrace.dataDirectory, "orders.csv"), csv);
    const created = await millrace.cli("project", "create", PROJECT, "--template", "shop");
    expect(created, created.stderr).toMatchObject({ exitCode: 0 });

    const startMs = performance.now();
    const first = await importOrders(millrace);
    const seconds = (performance.now() - startMs) / 1000;
    expect(first).toMatchObject({ read: book.rows, accepted: book.rows, duplicate: 0, rejected: 0, unsent: 0 });
    const sheet = await millrace.untilCounted(PROJECT, book.rows);
    expect(sheet).toMatchObject({ foldedCount: BigInt(book.rows), lateCount: 0n, duplicateCount: 0n });
    const rss = (await millrace.rssBytes()) / 1024 / 1024;
    process.stdout.write(
      `${book.rows} rows imported and counted in ${seconds.toFixed(1)} s, ${(book.rows / seconds).toFixed(0)} rows/s; ` +
        `revenue ${decimal(book.whole.revenue)}; resident ${rss.toFixed(0)} MiB\n`,
    );

    const answers = await expectBook(millrace, book);

    const second = await importOrders(millrace);
    expect(second).toMatchObject({ read: book.rows, rejected: 0, unsent: 0 });
    // What ingest no longer remembers it accepts; processing finds that it was counted.
    expect(second.duplicate + second.accepted).toBe(book.rows);
    expect(await millrace.untilCounted(PROJECT, book.rows + second.accepted)).toMatchObject({
      foldedCount: BigInt(book.rows),
      duplicateCount: BigInt(second.accepted),
    });
    expect(await expectBook(millrace, book)).toEqual(answers);
  });
});

type Summary = Readonly<Record<"read" | "accepted" | "duplicate" | "rejected" | "unsent", number>>;

async function importOrders(millrace: Millrace): Promise<Summary> {
  const mapping = MAPPING.flatMap((rule) => ["--map", rule]);
  const sent = await millrace.cli(
    ...["send", "--project", PROJECT, "--import", "--file", "orders.csv", ...mapping, "--wait", "--json"],
  );
  expect(sent, sent.stderr).toMatchObject({ exitCode: 0 });
  return JSON.parse(sent.stdout);
}

/** Compares answers in every shape with the books; gives the answers. */
async function expectBook(millrace: Millrace, book: ReturnType<typeof keepBook>) {
  const month = Granularity.GRANULARITY_MONTH;
  const whole = await expectLedgers(millrace, {}, new Map([["", book.whole]]), () => "");
  const months = await expectLedgers(millrace, { granularity: month }, book.months, (row) => monthOf(row));
  const countries = await expectLedgers(millrace, { dimensions: ["country"] }, book.countries, (row) =>
    String(row["country"]),
  );
  const both = await expectLedgers(
    millrace,
    { granularity: month, dimensions: ["country"], limit: 1000 },
    book.monthsOfCountries,
    (row) => `${monthOf(row)}\t${row["country"]}`,
  );
  return { whole, months, countries, both };
}

function monthOf(row: Readonly<Record<string, unknown>>): string {
  return String(row["time"]).slice(0, 7);
}

async function expectLedgers(
  millrace: Millrace,
  shape: Question,
  ledgers: ReadonlyMap<string, Ledger>,
  keyOf: (row: Readonly<Record<string, unknown>>) => string,
) {
  const { rows, columns } = await askWithColumns(millrace, { ...SOLD, ...shape });
  const nothing = new Ledger();
  const answered = new Map(rows.map((row) => [keyOf(row), row]));
  expect([...ledgers.keys()].filter((key) => !answered.has(key))).toEqual([]);
  expect(answered.size).toBe(rows.length);
  for (const [key, row] of answered) {
    // Months without a sale have rows, too.
    const ledger = ledgers.get(key) ?? nothing;
    expect([key, row["revenue"], row["items"]]).toEqual([key, decimal(ledger.revenue), String(ledger.items)]);
    for (const name of ["orders", "buyers", "products"] as const) {
      const { exact, relativeError } = columns.get(name)!;
      const truth = ledger[name].size;
      const tolerance = exact ? 0 : truth * relativeError * STANDARD_ERRORS_MAX;
      expect(Math.abs(Number(row[name]) - truth), `${name} of ${key}: ${row[name]} of ${truth}`).toBeLessThanOrEqual(
        tolerance,
      );
    }
  }
  return rows;
}
