import { TUPLE_SEPARATOR } from "../block/tuple.ts";
import { dimensionText } from "./dimension-text.ts";
import type { EventView } from "./event-view.ts";
import type { PropertyValue } from "./fold-event.ts";

/** Gives the tuple of the event that is shown. */
export type TupleReader = () => string;

/** Makes the reader of a rollup's tuples. */
export function tupleReader(view: EventView, dimensions: readonly string[]): TupleReader {
  const readers = dimensions.map((name) => view.reader(name));
  const [first] = readers;
  if (first === undefined) return () => "";
  if (readers.length === 1) return () => dimensionText(first());
  return joinedReader(readers);
}

/**
 * Joins the values of several dimensions. The tuple of the event before is given again when the values are the same,
 * as they often are: a text that was looked up before is found several times faster than one just put together.
 */
function joinedReader(readers: readonly (() => PropertyValue | undefined)[]): TupleReader {
  const last: (PropertyValue | undefined)[] = readers.map(() => undefined);
  let tuple = last.map(dimensionText).join(TUPLE_SEPARATOR);
  // Outlives a call: a reader that throws must not leave a tuple behind that seems to be of the values read before it.
  let changed = false;
  return () => {
    for (let i = 0; i < readers.length; i++) {
      const value = readers[i]!();
      if (value === last[i]) continue;
      last[i] = value;
      changed = true;
    }
    if (changed) tuple = last.map(dimensionText).join(TUPLE_SEPARATOR);
    changed = false;
    return tuple;
  };
}
