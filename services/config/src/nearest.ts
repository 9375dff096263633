import { nearestName } from "@millrace/runtime";

const NAMES_SHOWN_MAX = 10;

/** The end of a message about a name that is not known: the name that was meant, or else those that there are. */
export function hintAt(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `did you mean ${JSON.stringify(nearest)}?`;
  if (known.length === 0) return "there are none yet";
  const more = known.length > NAMES_SHOWN_MAX ? ", ..." : "";
  return `there are ${known.slice(0, NAMES_SHOWN_MAX).join(", ")}${more}`;
}
