/** Stands between the dimension values of a tuple. */
export const TUPLE_SEPARATOR = "\u0000";

/** The text of a tuple: its dimension values in order, NUL in them replaced; "" for a rollup without dimensions. */
export function tupleOf(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(TUPLE_SEPARATOR, "\ufffd")).join(TUPLE_SEPARATOR);
}

/** The dimension values of a tuple's text; of a rollup with `dimensions` dimensions. */
export function tupleValues(tuple: string, dimensions: number): string[] {
  return dimensions === 0 ? [] : tuple.split(TUPLE_SEPARATOR);
}
