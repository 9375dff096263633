import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Question } from "../question/question.ts";

/** An answer as comma-separated values (RFC 4180) with a header; sums are exact, what is absent is empty. */
export function csvText(result: Result): string {
  const header = result.columns.map(({ name, role }) => (role === Role.COMPARISON ? `${name} (compared)` : name));
  const lines = result.rows.map(({ values }) =>
    values.map(({ kind }) => (kind.case === "stringValue" || kind.case === "numberValue" ? String(kind.value) : "")),
  );
  return [header, ...lines].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

/** A cell, quoted where it has to be. */
export function csvCell(text: string): string {
  // A table of a spreadsheet would take what begins so for a formula, and texts come from strangers.
  const harmless = /^[=+@\t\r\n＝＋－＠]|^-(?!\d+(\.\d+)?(e[+-]?\d+)?$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** What a file of the answer to a question is called. */
export function csvFileName({ project, metrics, dimensions = [], every }: Question): string {
  const parts = [project, ...metrics.slice(0, 3), ...dimensions, ...(every === undefined ? [] : [every])];
  return `${parts.join("-").replaceAll(/[^A-Za-z0-9_.-]/g, "_")}.csv`;
}

/** Gives a text to the person as a file. */
export function downloadText(text: string, fileName: string, type = "text/csv;charset=utf-8"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(address);
}
