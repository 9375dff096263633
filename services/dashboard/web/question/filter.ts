import type { MessageInitShape } from "@bufbuild/protobuf";
import { type FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import type { DimensionFilter } from "../url/view.ts";

/** A filter as it is sent. */
export type FilterInit = MessageInitShape<typeof FilterSchema>;

/** What all of these ask; undefined where there are none. */
export function filterOf(filters: readonly DimensionFilter[]): FilterInit | undefined {
  const all = filters.map(one);
  return all.length > 1 ? { kind: { case: "all", value: { filters: all } } } : all[0];
}

/** The dimensions that filters read. */
export function dimensionsOf(filters: readonly DimensionFilter[]): readonly string[] {
  return [...new Set(filters.map(({ dimension }) => dimension))];
}

const MATCHES = { contains: Operator.CONTAINS, starts: Operator.STARTS_WITH } as const;

function one({ dimension, not, match, values }: DimensionFilter): FilterInit {
  const operator = match ? MATCHES[match] : values.length === 1 ? Operator.EQUALS : Operator.IN;
  const texts = values.map((value) => ({ kind: { case: "stringValue" as const, value } }));
  const condition: FilterInit = {
    kind: { case: "condition", value: { field: dimension, operator, values: texts } },
  };
  return not ? { kind: { case: "not", value: condition } } : condition;
}
