import { printable } from "./text-width.ts";

/** Where lines of comma-separated values go. */
export type CsvTarget = { readonly isTerminal: boolean };

/** What a spreadsheet takes for a formula (OWASP, "CSV Injection"), and is no number. */
const FORMULA = /^[=+@\t\r\n＝＋－＠]|^-(?!\d+(\.\d+)?(e[+-]?\d+)?$)/;

/**
 * One line of comma-separated values, with quotes only where they are needed (RFC 4180, with \n at the end). Texts come
 * from strangers: what a spreadsheet would calculate gets a `'` before it, and a terminal gets nothing that it obeys.
 */
export function csvLine(cells: readonly string[], target: CsvTarget = standardOutput()): string {
  return `${cells.map((cell) => csvCell(target.isTerminal ? printable(cell) : cell)).join(",")}\n`;
}

function csvCell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function standardOutput(): CsvTarget {
  return { isTerminal: process.stdout.isTTY === true };
}
