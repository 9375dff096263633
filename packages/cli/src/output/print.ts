import type { Format } from "./format.ts";
import { jsonText } from "./json-text.ts";

/** Writes a line to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a document to standard output as JSON: on one line as NDJSON, else indented. */
export function printJson(value: unknown, format: Format = "json"): void {
  print(jsonText(value, format === "ndjson" ? 0 : 2));
}
