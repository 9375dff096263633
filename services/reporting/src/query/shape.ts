import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { LateWindow } from "@millrace/api/millrace/config/v1/definitions_pb";
import {
  AbsoluteRangeSchema,
  type Column,
  ColumnSchema,
  type Result,
  ResultSchema,
  Column_Role as Role,
  type Row,
  RowSchema,
  Row_State as RowState,
  Source_Kind as SourceKind,
  SourceSchema,
  Column_Type as Type,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { TIERS } from "@millrace/rollup";
import type { Part } from "./answer.ts";
import { isFinal } from "./finality.ts";
import type { Legs } from "./legs.ts";
import { localTimeText } from "./local-time.ts";
import { noticesOf } from "./notices.ts";
import type { AnswerRow } from "./page.ts";
import { wholeRange } from "./plan.ts";
import type { Question } from "./question.ts";
import type { Tuple } from "./tuples.ts";
import { readingOf, relativeErrorOf, typeOf, writtenValue } from "./values.ts";

/** Everything that an answer says. */
export type Shaped = {
  readonly question: Question;
  readonly legs: Legs;
  readonly asked: Part;
  readonly compared: Part | undefined;
  /** The rows of the page, in order. */
  readonly rows: readonly AnswerRow[];
  /** 0 when nothing is known. */
  readonly watermarkMs: number;
  readonly lateWindows: readonly LateWindow[];
  readonly nextPageToken: string;
};

/** Puts an answer into the contract's words. */
export function shapeResult(shaped: Shaped): Result {
  const { question, asked, compared, watermarkMs } = shaped;
  const rows = shaped.rows.map((row) => ({ ...row, compared: comparedWith(row, compared) }));
  return create(ResultSchema, {
    columns: columnsOf(question, rows),
    rows: shapeRows(rows, shaped),
    ...(watermarkMs > 0 && { watermark: timestampFromMs(watermarkMs) }),
    nextPageToken: shaped.nextPageToken,
    sources: sourcesOf(shaped),
    notices: noticesOf(shaped),
    timeRange: rangeOf(asked),
    timeZone: question.zone,
    ...(compared && { comparisonTimeRange: rangeOf(compared) }),
  });
}

/** A row with the tuple of the same values in the range compared with, and whether there is such a bucket at all. */
type ComparedRow = AnswerRow & { readonly compared: ComparedTuple | undefined };
type ComparedTuple = { readonly tuple: Tuple | undefined; readonly hasBucket: boolean };

const tuplesByKey = new WeakMap<Part, ReadonlyMap<string, Tuple>>();

function comparedWith({ tuple, ranked }: AnswerRow, part: Part | undefined): ComparedTuple | undefined {
  if (part === undefined) return undefined;
  let byKey = tuplesByKey.get(part);
  if (byKey === undefined) {
    byKey = new Map(part.tuples.map((one) => [keyOf(one), one]));
    tuplesByKey.set(part, byKey);
  }
  return { tuple: byKey.get(keyOf(tuple)), hasBucket: ranked.bucket < part.plan.buckets.length };
}

function keyOf(tuple: Tuple): string {
  return JSON.stringify([tuple.other, ...tuple.values]);
}

function columnsOf(question: Question, rows: readonly ComparedRow[]): Column[] {
  const columns: Column[] = [];
  const plain = { exact: true, relativeError: 0, unit: "" };
  if (question.granularity !== undefined) {
    columns.push(create(ColumnSchema, { name: "time", role: Role.TIME, type: Type.TIME, ...plain }));
  }
  for (const name of question.dimensions) {
    columns.push(create(ColumnSchema, { name, role: Role.DIMENSION, type: Type.TEXT, ...plain }));
  }
  const roles = question.comparison === undefined ? [Role.METRIC] : [Role.METRIC, Role.COMPARISON];
  for (const role of roles) {
    for (const [index, asked] of question.metrics.entries()) {
      let relativeError = 0;
      for (const { tuple, ranked, compared } of rows) {
        const state =
          role === Role.METRIC ? tuple.state(index, ranked.bucket) : compared?.tuple?.state(index, ranked.bucket);
        relativeError = Math.max(relativeError, relativeErrorOf(asked, state));
      }
      const type = typeOf(asked.metric.aggregation);
      const { unit } = asked.metric;
      columns.push(
        create(ColumnSchema, { name: asked.asked, role, type, unit, exact: relativeError === 0, relativeError }),
      );
    }
  }
  return columns;
}

function shapeRows(rows: readonly ComparedRow[], { question, asked, watermarkMs, lateWindows }: Shaped): Row[] {
  const { buckets } = asked.plan;
  const states = buckets.map((bucket) =>
    isFinal(bucket, watermarkMs, lateWindows) ? RowState.FINAL : RowState.PROVISIONAL,
  );
  const times =
    question.granularity === undefined ? [] : buckets.map(({ start }) => localTimeText(question.zone, start));
  return rows.map(({ tuple, ranked, compared }) => {
    const { bucket } = ranked;
    const values: Value[] = [];
    if (question.granularity !== undefined) values.push(toValue(times[bucket]!));
    for (const text of tuple.values) values.push(toValue(text));
    question.metrics.forEach((metric, index) => {
      values.push(toValue(writtenValue(metric, ranked.readings[index])));
    });
    if (compared !== undefined) {
      question.metrics.forEach((metric, index) => {
        const reading = readingOf(metric, compared.tuple?.state(index, bucket));
        values.push(toValue(compared.hasBucket ? writtenValue(metric, reading) : null));
      });
    }
    return create(RowSchema, { values, state: states[bucket]!, other: tuple.other || tuple.hasTail(bucket) });
  });
}

function toValue(json: JsonValue): Value {
  if (typeof json === "string") return create(ValueSchema, { kind: { case: "stringValue", value: json } });
  if (typeof json === "number") return create(ValueSchema, { kind: { case: "numberValue", value: json } });
  return fromJson(ValueSchema, json);
}

function sourcesOf({ legs, asked, compared }: Shaped) {
  const parts = [asked, ...(compared === undefined ? [] : [compared])];
  const tiers = TIERS.filter((tier) => parts.some(({ reading }) => reading.tiers.has(tier)));
  return legs.legs.map(({ rollup }, index) => {
    const blocks = parts.reduce((sum, { reading }) => sum + reading.tallies[index]!.blocks, 0);
    return create(SourceSchema, {
      kind: SourceKind.BLOCKS,
      rollup: rollup.name,
      granularities: tiers,
      blockCount: BigInt(blocks),
    });
  });
}

function rangeOf({ plan }: Part) {
  const { start, end } = wholeRange(plan);
  return create(AbsoluteRangeSchema, { startTime: timestampFromMs(start), endTime: timestampFromMs(end) });
}
