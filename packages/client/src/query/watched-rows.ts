import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Result, Row as RowMessage } from "@millrace/api/millrace/reporting/v1/query_pb";
import type { Change, WatchResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { Answer, Update } from "./answer.ts";
import type { Question } from "./question.ts";
import { rowOrder } from "./row-order.ts";
import { factsOf, type PlainRow, toRow } from "./rows.ts";

/** Puts an answer together from what a watch sends. */
export class WatchedRows {
  readonly #question: Question;
  #facts: Omit<Answer<never>, "rows"> | undefined;
  #rows = new Map<string, PlainRow>();

  constructor(question: Question) {
    this.#question = question;
  }

  /** What a message makes of the answer; undefined when it makes nothing of it. */
  take({ kind }: WatchResponse): Update<PlainRow> | undefined {
    if (kind.case === "whole") return this.#whole(kind.value);
    return kind.case === "change" ? this.#change(kind.value) : undefined;
  }

  #whole(result: Result): Update<PlainRow> {
    this.#facts = factsOf(result);
    const before = this.#rows;
    this.#rows = new Map();
    const changed = result.rows.map((message) => this.#put(message));
    const removed = [...before].filter(([key]) => !this.#rows.has(key)).map(([, row]) => row);
    return { ...this.#facts, rows: changed, changed, removed };
  }

  #change({ changedRows, removedRows, watermark }: Change): Update<PlainRow> | undefined {
    if (this.#facts === undefined) return undefined;
    if (watermark !== undefined) this.#facts = { ...this.#facts, watermark: timestampDate(watermark) };
    const removed = removedRows.map((message) => this.#toRow(message));
    for (const row of removed) this.#rows.delete(this.#keyOf(row));
    const changed = changedRows.map((message) => this.#put(message));
    const rows = [...this.#rows.values()].sort(rowOrder(this.#question, this.#facts.columns));
    return { ...this.#facts, rows, changed, removed };
  }

  #put(message: RowMessage): PlainRow {
    const row = this.#toRow(message);
    this.#rows.set(this.#keyOf(row), row);
    return row;
  }

  #toRow(message: RowMessage): PlainRow {
    return toRow(this.#facts?.columns ?? [], message, this.#question.exact === true);
  }

  /** Rows are told apart by their time and dimensions, and the tail from a tuple of the same name. */
  #keyOf(row: PlainRow): string {
    const names = (this.#facts?.columns ?? []).filter(({ role }) => role === "time" || role === "dimension");
    return JSON.stringify([row["$other"], ...names.map(({ name }) => row[name])]);
  }
}
