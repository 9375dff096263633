import type { MessageInitShape } from "@bufbuild/protobuf";
import { type TimeRangeSchema, RelativeRange_Unit as Unit } from "@millrace/api/millrace/reporting/v1/query_pb";
import { Failure } from "@millrace/failure";
import { parseTime } from "../time-text.ts";
import type { Zone } from "../zoned-time.ts";

/** A range to be sent. */
export type TimeRangeInit = MessageInitShape<typeof TimeRangeSchema>;

const UNITS: Readonly<Record<string, Unit>> = {
  m: Unit.MINUTE,
  h: Unit.HOUR,
  d: Unit.DAY,
  w: Unit.WEEK,
  mo: Unit.MONTH,
};
const MINUTE_S = 60;

/**
 * Parses `7d`, `24h`, `90m`, `4w`, `3mo`: the last so many, the current one included.
 *
 * @throws Failure `invalid`
 */
export function parseLast(text: string): TimeRangeInit {
  const found = /^(\d{1,4})(m|h|d|w|mo)$/.exec(text);
  if (found === null || Number(found[1]) === 0) {
    throw new Failure("invalid", "TIME_RANGE_INVALID", `--last ${text}: write 90m, 24h, 7d, 4w or 3mo`);
  }
  return { kind: { case: "relative", value: { last: Number(found[1]), unit: UNITS[found[2]!]! } } };
}

/**
 * The range from one time to another (exclusive; now when it is not given). A date is its midnight in the zone.
 *
 * @throws Failure `invalid`
 */
export function absoluteRange(from: string, to: string | undefined, zone: Zone, nowMs: number): TimeRangeInit {
  const start = timeOf("--from", from, zone);
  // Ranges begin and end at whole minutes; the current one is part of "until now".
  const end = to === undefined ? Math.ceil(nowMs / (MINUTE_S * 1_000)) * MINUTE_S : timeOf("--to", to, zone);
  if (end <= start) throw new Failure("invalid", "TIME_RANGE_INVALID", "--to must be later than --from");
  return { kind: { case: "absolute", value: { startTime: timestamp(start), endTime: timestamp(end) } } };
}

function timeOf(option: string, text: string, zone: Zone): number {
  const time = parseTime(/^\d{4}-\d\d$/.test(text) ? `${text}-01` : text, zone);
  if (time === undefined) {
    const message = `${option} ${text}: write a date such as 2026-01-31, or a time such as 2026-01-31T08:00`;
    throw new Failure("invalid", "TIME_RANGE_INVALID", message);
  }
  if (time.nanos !== 0 || time.seconds % MINUTE_S !== 0) {
    throw new Failure("invalid", "TIME_RANGE_INVALID", `${option} ${text}: must be at a whole minute`);
  }
  return time.seconds;
}

function timestamp(seconds: number) {
  return { seconds: BigInt(seconds), nanos: 0 };
}
