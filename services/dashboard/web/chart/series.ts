/**
 * A line of a chart.
 *
 * - `main`: the one that matters, with its area.
 * - `before`: the range compared with, dashed.
 * - `one`: one of several of equal rank, by its place in the colours.
 */
export type Series = {
  readonly title: string;
  readonly values: readonly (number | null)[];
  readonly style: "main" | "before" | "one";
  /** For `one`: 0 to 7. */
  readonly color?: number;
  /** For `one`: lengths of strokes and gaps, so that colour alone need not tell lines apart. */
  readonly dash?: readonly number[];
};

/** How many colours there are for lines of equal rank. */
export const COLOR_COUNT = 8;

/**
 * A line in two: what is complete, and what leads to buckets that are not over yet, which is drawn dashed.
 *
 * @param complete how many of the values belong to buckets that are over
 */
export function splitAt(
  values: readonly (number | null)[],
  complete: number,
): readonly [(number | null)[], (number | null)[]] {
  const done = values.map((value, place) => (place < complete ? value : null));
  const open = values.map((value, place) => (place >= complete - 1 ? value : null));
  return [done, complete >= values.length ? values.map(() => null) : open];
}
