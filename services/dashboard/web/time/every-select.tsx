import type { CatalogGranularity } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { ReactNode } from "react";
import { Select } from "../menu/select.tsx";
import { type Every, everyTitle, usualEvery, widthsFor } from "./granularity.ts";
import { type Range, spanOf } from "./range.ts";

/** Chooses the width of the buckets of a series, of those that are kept for the range. */
export function EverySelect(props: {
  readonly every: Every;
  readonly range: Range;
  readonly zone: string;
  readonly kept: readonly CatalogGranularity[];
  /** Undefined for the usual one of the range. */
  readonly onChoose: (every: Every | undefined) => void;
}): ReactNode {
  const { every, range } = props;
  const now = Date.now();
  const widths = widthsFor(range, props.kept, now - spanOf(range, props.zone, now).start);
  const choices = widths.includes(every) ? widths : [every, ...widths];
  return (
    <Select
      label="One point for each"
      value={every}
      onChoose={(text) => {
        const chosen = choices.find((one) => one === text);
        props.onChoose(chosen === usualEvery(range) ? undefined : chosen);
      }}
    >
      {choices.map((one) => (
        <option key={one} value={one}>
          {everyTitle(one)}
        </option>
      ))}
    </Select>
  );
}
