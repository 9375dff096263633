import { csvLine } from "./csv-text.ts";
import type { Format } from "./format.ts";
import { jsonText } from "./json-text.ts";
import { type TableColumn, tableText } from "./table.ts";
import { printable } from "./text-width.ts";

/** A list of things, for people and for programs. */
export type Things = {
  readonly columns: readonly TableColumn[];
  /** A text a column; absent values are "" or "-". */
  readonly rows: readonly (readonly string[])[];
  /** What to tell people when there is none. */
  readonly none: string;
  /** The same for programs, in the same order. */
  readonly documents: readonly unknown[];
};

/** Prints a list in the format asked for. JSON is an array of documents, which are lines in NDJSON. */
export function printThings(format: Format, things: Things): void {
  process.stdout.write(thingsText(format, things));
}

function thingsText(format: Format, { columns, rows, none, documents }: Things): string {
  switch (format) {
    case "json":
      return `${jsonText(documents, 2)}\n`;
    case "ndjson":
      return documents.map((each) => `${jsonText(each)}\n`).join("");
    case "csv": {
      const kept = [...columns.keys()].filter((at) => columns[at]!.title !== "");
      const lines = [columns.map(({ title }) => title), ...rows];
      return lines.map((line) => csvLine(kept.map((at) => blank(line[at])))).join("");
    }
    case "table":
      return tableText(columns, rows, none);
  }
}

/** One thing, for people and for programs. */
export type Thing = {
  readonly values: readonly (readonly [label: string, value: string])[];
  readonly document: unknown;
};

/** Prints one thing in the format asked for. JSON is its document; CSV has labels as its header. */
export function printThing(format: Format, thing: Thing): void {
  process.stdout.write(thingText(format, thing));
}

function thingText(format: Format, { values, document }: Thing): string {
  switch (format) {
    case "json":
      return `${jsonText(document, 2)}\n`;
    case "ndjson":
      return `${jsonText(document)}\n`;
    case "csv":
      return csvLine(values.map(([label]) => label)) + csvLine(values.map(([, value]) => blank(value)));
    case "table": {
      const width = Math.max(...values.map(([label]) => label.length));
      return values
        .map(([label, value]) => `${label.padEnd(width)}  ${value === "" ? "-" : printable(value)}\n`)
        .join("");
    }
  }
}

function blank(value: string | undefined): string {
  return value === undefined || value === "-" ? "" : value;
}
