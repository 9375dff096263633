import type { Filter } from "@millrace/api/millrace/event/v1/filter_pb";
import { Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { compileFilter, type Predicate, slotOf, tupleOf } from "@millrace/rollup";

/** More tuples than this are not looked up one by one: all slots are read. */
const TUPLES_MAX = 64;

/** A filter over the dimension values of a rollup's tuples; undefined when it lets everything pass. */
export function tupleFilter(
  filter: Filter | undefined,
  dimensions: readonly string[],
): Predicate<readonly string[]> | undefined {
  if (filter?.kind.case === undefined) return undefined;
  return compileFilter<readonly string[]>(filter, "query.filter", {
    values: "text",
    field: (name) => {
      const index = dimensions.indexOf(name);
      return (values) => values[index];
    },
  });
}

/**
 * The slots that hold every tuple that a filter can let pass: known when it fixes each dimension to a few values.
 * Undefined: all slots.
 *
 * @param slots over how many slots the family spreads
 */
export function slotsOfFilter(
  filter: Filter | undefined,
  dimensions: readonly string[],
  slots: number,
): readonly number[] | undefined {
  if (slots <= 1 || filter === undefined || dimensions.length === 0) return undefined;
  const fixed = new Map<string, ReadonlySet<string>>();
  collectFixed(filter, fixed);
  let tuples: string[][] = [[]];
  for (const dimension of dimensions) {
    const values = fixed.get(dimension);
    if (values === undefined || tuples.length * values.size > TUPLES_MAX) return undefined;
    tuples = tuples.flatMap((tuple) => [...values].map((value) => [...tuple, value]));
  }
  return [...new Set(tuples.map((tuple) => slotOf(tupleOf(tuple), slots)))].sort((a, b) => a - b);
}

/** What the conditions that must all hold allow of each field. */
function collectFixed(filter: Filter, fixed: Map<string, ReadonlySet<string>>): void {
  if (filter.kind.case === "all") {
    for (const one of filter.kind.value.filters) collectFixed(one, fixed);
  } else if (filter.kind.case === "condition") {
    const { field, operator, values } = filter.kind.value;
    if (operator !== Operator.EQUALS && operator !== Operator.IN) return;
    const texts = values.map(({ kind }) => String(kind.case === "numberValue" ? kind.value + 0 : kind.value));
    const before = fixed.get(field);
    fixed.set(field, new Set(before === undefined ? texts : texts.filter((text) => before.has(text))));
  }
}
