import { closest } from "fastest-levenshtein";

const SHOWN_MAX = 8;

/** The end of a message about a name that there is not: the nearest one that there is, and what else there is. */
export function suggest(name: string, known: readonly string[]): string {
  if (known.length === 0) return "there are none yet";
  const nearest = closest(name, known as string[]);
  const others = known.filter((one) => one !== nearest).sort();
  const more = others.length > SHOWN_MAX ? ", ..." : "";
  const also = others.length === 0 ? "" : ` There are also: ${others.slice(0, SHOWN_MAX).join(", ")}${more}.`;
  return `did you mean "${nearest}"?${also}`;
}
