/** From this many times fewer wanted than there are, inserting beats sorting all. */
const SORT_RATIO = 4;

/** The first `count` of some items, in order. */
export function firstOf<T>(items: readonly T[], count: number, compare: (a: T, b: T) => number): T[] {
  if (items.length < count * SORT_RATIO) return [...items].sort(compare).slice(0, count);
  const first: T[] = [];
  for (const item of items) {
    if (first.length === count && compare(item, first[count - 1]!) >= 0) continue;
    first.splice(placeOf(item, first, compare), 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}

function placeOf<T>(item: T, sorted: readonly T[], compare: (a: T, b: T) => number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compare(sorted[middle]!, item) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
