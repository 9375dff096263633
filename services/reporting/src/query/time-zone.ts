import { Failure } from "@millrace/failure";
import { canonicalTimeZone, isTimeZone } from "@millrace/rollup";
import { closest } from "fastest-levenshtein";

/**
 * The usual spelling of the zone that was asked for, or else the project's.
 *
 * @throws Failure `invalid` (TIME_ZONE_UNKNOWN) naming the nearest zone
 */
export function askedZone(asked: string, projectZone: string): string {
  if (asked === "") return projectZone === "" ? "UTC" : projectZone;
  if (isTimeZone(asked)) return canonicalTimeZone(asked);
  const nearest = closest(asked, ["UTC", ...Intl.supportedValuesOf("timeZone")]);
  const problem = `"${asked}" is not an IANA time zone; did you mean "${nearest}"?`;
  throw Failure.invalidField("query.time_zone", problem, "TIME_ZONE_UNKNOWN");
}
