import { millionths } from "@millrace/harness/load";
import { parse } from "csv-parse/sync";
import { randomFrom } from "./data-sets.ts";

/** What a bookkeeper adds up of order lines, without estimating anything. */
export class Ledger {
  revenue = 0n;
  items = 0n;
  readonly orders = new Set<string>();
  readonly buyers = new Set<string>();
  readonly products = new Set<string>();
}

/** The order lines of a file, added up in all the ways that are asked for. */
export type RetailBook = {
  readonly rows: number;
  readonly whole: Ledger;
  /** By month, such as "2011-03". */
  readonly months: ReadonlyMap<string, Ledger>;
  readonly countries: ReadonlyMap<string, Ledger>;
  /** By month and country, with a tab between. */
  readonly monthsOfCountries: ReadonlyMap<string, Ledger>;
};

type OrderLine = {
  readonly InvoiceNo: string;
  readonly StockCode: string;
  readonly Quantity: string;
  readonly InvoiceDate: string;
  readonly UnitPrice: string;
  readonly CustomerID: string;
  readonly Country: string;
};

/** Adds up a CSV file of order lines. */
export function keepBook(csv: string): RetailBook {
  const lines: OrderLine[] = parse(csv, { columns: true });
  const whole = new Ledger();
  const months = new Map<string, Ledger>();
  const countries = new Map<string, Ledger>();
  const monthsOfCountries = new Map<string, Ledger>();
  for (const line of lines) {
    const month = line.InvoiceDate.slice(0, 7);
    const ledgers = [
      whole,
      ledgerOf(months, month),
      ledgerOf(countries, line.Country),
      ledgerOf(monthsOfCountries, `${month}\t${line.Country}`),
    ];
    for (const ledger of ledgers) enter(ledger, line);
  }
  return { rows: lines.length, whole, months, countries, monthsOfCountries };
}

function ledgerOf(ledgers: Map<string, Ledger>, key: string): Ledger {
  let ledger = ledgers.get(key);
  if (ledger === undefined) {
    ledger = new Ledger();
    ledgers.set(key, ledger);
  }
  return ledger;
}

function enter(ledger: Ledger, line: OrderLine): void {
  const quantity = BigInt(line.Quantity);
  ledger.revenue += quantity * millionths(line.UnitPrice);
  ledger.items += quantity;
  ledger.orders.add(line.InvoiceNo);
  ledger.products.add(line.StockCode);
  if (line.CustomerID !== "") ledger.buyers.add(line.CustomerID);
}

const COUNTRIES = [
  "United Kingdom",
  "France",
  "EIRE",
  "Korea, Republic of",
  'The "Low" Countries',
  "Österreich",
  "日本",
];
const HEADER = '"InvoiceNo","StockCode","Description","Quantity","InvoiceDate","UnitPrice","CustomerID","Country"';

/** A file like that of a shop, with what is hard in one: returns, lines without a buyer, odd prices, quotes. */
export function generateRetail(rows: number): string {
  const random = randomFrom(20_101_201);
  const below = (bound: number): number => Math.floor(random() * bound);
  const startMs = Date.UTC(2010, 11, 1);
  const spanMs = Date.UTC(2011, 11, 9) - startMs;
  const lines = [HEADER];
  for (let order = 500_000; lines.length <= rows; order++) {
    const isReturn = random() < 0.08;
    const date = new Date(startMs + (spanMs * (lines.length - 1)) / rows).toISOString().slice(0, 16);
    const buyer = random() < 0.25 ? "" : String(12_000 + below(900));
    const country = COUNTRIES[Math.min(below(COUNTRIES.length), below(COUNTRIES.length))]!;
    for (let left = 1 + below(12); left > 0 && lines.length <= rows; left--) {
      const code = `${10_000 + below(1_500)}${["", "", "A", "b"][below(4)]}`;
      const price = (below(100_000) / 10 ** (1 + below(3))).toFixed(3).replace(/0+$/, "0");
      const quantity = (isReturn ? -1 : 1) * (1 + below(random() < 0.01 ? 80_000 : 24));
      const cells = [`"${isReturn ? "C" : ""}${order}"`, `"${code}"`, '"A ""good"", cheap thing"'];
      lines.push([...cells, quantity, `"${date}:00"`, price, buyer, `"${country.replaceAll('"', '""')}"`].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}
