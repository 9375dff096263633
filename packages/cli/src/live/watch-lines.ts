import type { Client } from "@connectrpc/connect";
import { Column_Role, type Row } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { ReportingService, WatchResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { csvLine } from "../output/csv-text.ts";
import type { Format } from "../output/format.ts";
import { jsonText } from "../output/json-text.ts";
import { cellText, columnKey, plain, rowDocument } from "../output/result.ts";
import { printable } from "../output/text-width.ts";
import { isoText } from "../output/time-text.ts";
import type { QueryInit } from "../query/build-query.ts";
import { follow, type Link } from "./follow.ts";
import { LiveAnswer } from "./live-answer.ts";

/** Watches into a file or pipe until the signal ends it: lines for each update; what becomes of the connection goes to standard error. */
export async function watchInLines(
  client: Client<typeof ReportingService>,
  query: QueryInit,
  { format, signal }: { readonly format: Format; readonly signal: AbortSignal },
): Promise<void> {
  const answer = new LiveAnswer();
  let hasHeader = false;
  let link: Link["state"] = "connecting";
  await follow({
    open: (ended) => client.watch({ query }, { signal: ended }),
    signal,
    onMessage(message) {
      answer.take(message, Date.now());
      const { columns } = answer;
      if (format === "csv" && !hasHeader) {
        process.stdout.write(csvLine(["watermark", "change", ...columns.map(columnKey)]));
        hasHeader = true;
      }
      process.stdout.write(updateText(message, answer, format));
    },
    onLink(next) {
      if (next.state === "lost") process.stderr.write(`reconnecting: ${printable(next.why)}\n`);
      else if (next.state === "live" && link === "lost") process.stderr.write("connected again\n");
      if (next.state !== "connecting") link = next.state;
    },
  });
}

/** An update: JSON is one document a line whatever it is called, so that it can be read as it comes. */
export function updateText({ kind }: WatchResponse, answer: LiveAnswer, format: Format): string {
  const { columns } = answer;
  const isWhole = kind.case === "whole";
  const changed = kind.case === "whole" ? kind.value.rows : kind.case === "change" ? kind.value.changedRows : [];
  const removed = kind.case === "change" ? kind.value.removedRows : [];
  const watermark = isoText(answer.watermark) ?? "";
  if (format === "json" || format === "ndjson") {
    const documents = (rows: readonly Row[]) => rows.map((row) => rowDocument(columns, row));
    const body = isWhole
      ? { type: "whole", rows: documents(changed) }
      : { type: "change", changed: documents(changed), removed: documents(removed) };
    return `${jsonText({ ...body, watermark })}\n`;
  }
  if (format === "csv") {
    const line = (change: string) => (row: Row) =>
      csvLine([watermark, change, ...row.values.map((value) => String(plain(value) ?? ""))]);
    return [...changed.map(line(isWhole ? "whole" : "changed")), ...removed.map(line("removed"))].join("");
  }
  const line = (sign: string) => (row: Row) => `${watermark.slice(11, 19)} ${sign}${rowText(row, answer)}\n`;
  return [...changed.map(line("")), ...removed.map(line("gone: "))].join("");
}

function rowText(row: Row, { columns }: LiveAnswer): string {
  const parts = row.values.map((value, at) => {
    const column = columns[at]!;
    const text = printable(cellText(value, column));
    return column.role === Column_Role.TIME
      ? text
      : `${columnKey(column)}=${/[\s"]/.test(text) ? JSON.stringify(text) : text}`;
  });
  return parts.join(" ");
}
