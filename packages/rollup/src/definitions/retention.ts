import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Retention } from "@millrace/api/millrace/config/v1/project_pb";
import { DEFAULT_RETENTION_MINUTES, type Tier } from "../time/tiers.ts";

/** For how many minutes each tier is kept, with defaults where nothing is said; Infinity is for ever. */
export function retentionMinutes(retention: Retention | undefined): Readonly<Record<Tier, number>> {
  return {
    ...DEFAULT_RETENTION_MINUTES,
    "1m": wholeMinutes(retention?.minute) || DEFAULT_RETENTION_MINUTES["1m"],
    "15m": wholeMinutes(retention?.quarterHour) || DEFAULT_RETENTION_MINUTES["15m"],
  };
}

function wholeMinutes(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Math.floor(Number(duration.seconds) / 60);
}
