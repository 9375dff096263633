import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AbsoluteRange,
  type Result,
  Column_Role as Role,
  Row_State as State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import type { ReactNode } from "react";
import { clockText } from "../format/moment.ts";
import { titleOf } from "../format/names.ts";
import { shareText } from "../format/number.ts";
import { wallClockAt } from "../time/wall-clock.ts";
import { isPartial } from "./partial.ts";

/** What a reader should know of an answer: how far it reaches, what is estimated, what is left out. */
export function AnswerFacts(props: {
  readonly result: Result;
  readonly isLive: boolean;
  readonly limit: number;
  /** What is compared is as much of the other range as has passed of this one, and that is told elsewhere. */
  readonly isFair: boolean;
}): ReactNode {
  const { result, isLive, limit, isFair } = props;
  const zone = result.timeZone || "UTC";
  const estimates = result.columns.filter(
    ({ role, exact, relativeError }) => role === Role.METRIC && !exact && relativeError > 0,
  );
  const mayChange = result.rows.some(({ state }) => state === State.PROVISIONAL);
  const isAll = mayChange && result.rows.every(({ state }) => state === State.PROVISIONAL);
  const rollups = [...new Set(result.sources.map(({ rollup }) => rollup).filter((rollup) => rollup !== ""))];
  const isCutOff = !isFair && isPartial(result);
  const hasMore = result.nextPageToken !== "";
  return (
    <footer className="facts">
      {result.watermark !== undefined && (
        <span className="fact number" title="Everything that had arrived by then is in the answer">
          {isLive && <span className="online-dot online-on" />}
          Up to {clockText(timestampMs(result.watermark), zone)}
        </span>
      )}
      {mayChange && (
        <span className="fact" title="What comes late still counts, until the late window has passed">
          {isAll ? "May still change" : "The newest may still change"}
        </span>
      )}
      {estimates.map(({ name, relativeError }) => (
        <span className="fact" key={name} title="An estimate, with its relative error">
          {titleOf(name)} ± {percent(relativeError)}
        </span>
      ))}
      {hasMore && <span className="fact">There are more than these {limit}</span>}
      {result.comparisonTimeRange && (
        <span className="fact">
          Before: {rangeText(result.comparisonTimeRange, zone)}
          {isCutOff && ", as a whole, while this time is not over"}
        </span>
      )}
      {rollups.length > 0 && (
        <span className="fact">
          From {rollups.length === 1 ? "rollup" : "rollups"} {rollups.join(", ")}
        </span>
      )}
      {result.notices.map((notice) => (
        <p className="notice" key={notice}>
          {notice}
        </p>
      ))}
    </footer>
  );
}

function percent(share: number): string {
  return share < 0.01
    ? new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(share)
    : shareText(share);
}

/** A range in the zone: days where it is made of whole ones, whose last is part of it, else minutes. */
function rangeText({ startTime, endTime }: AbsoluteRange, zone: string): string {
  const [start, end] = [startTime, endTime].map((time) => (time === undefined ? 0 : timestampMs(time))) as [
    number,
    number,
  ];
  const isDays = [start, end].every((ms) => {
    const { hour, minute } = wallClockAt(zone, ms);
    return hour === 0 && minute === 0;
  });
  const format = new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    ...(!isDays && { timeStyle: "short" }),
    timeZone: zone,
  });
  return format.formatRange(start, isDays ? end - 1 : end);
}
