import { distance } from "fastest-levenshtein";

/** The one of `names` that is most like `name`, or undefined when none is like it at all. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(name.length / 2)) + 1;
  for (const each of names) {
    const difference = distance(name.toLowerCase(), each.toLowerCase());
    if (difference < least) {
      best = each;
      least = difference;
    }
  }
  return best;
}
