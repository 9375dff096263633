import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";

/** A moment in UTC to the second, for people; "-" where there is none. */
export function utcText(time: Timestamp | undefined): string {
  return time === undefined ? "-" : `${timestampDate(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A moment as a machine writes it, in UTC. */
export function isoText(time: Timestamp | undefined): string | undefined {
  return time === undefined ? undefined : timestampDate(time).toISOString();
}
