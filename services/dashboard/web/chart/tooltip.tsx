import type { ReactNode } from "react";
import type { Series } from "./series.ts";

/** A tooltip of more lines would hide the chart: the greatest are shown. */
const LINES_MAX = 10;

/** What the series say at one place of the chart. */
export function Tooltip(props: {
  /** Where the pointer is, and how wide the chart is, in pixels. */
  readonly left: number;
  readonly width: number;
  readonly title: string;
  readonly series: readonly Series[];
  readonly place: number;
  /** The bucket is not over yet. */
  readonly isOpen: boolean;
  readonly format: (value: number | null) => string;
}): ReactNode {
  const { left, width, series, place } = props;
  const lines = series.map((one) => ({ ...one, value: one.values[place] ?? null }));
  const isMany = lines.length > LINES_MAX;
  const shown = isMany ? lines.toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, LINES_MAX) : lines;
  const isRight = left > width / 2;
  return (
    <div className="tooltip" aria-hidden="true" style={isRight ? { right: width - left + 14 } : { left: left + 14 }}>
      <div className="tooltip-title">
        {props.title}
        {props.isOpen && <span className="quiet"> so far</span>}
      </div>
      {shown.map(({ title, style, color, value }) => (
        <div className="tooltip-line" key={title}>
          <span className={`swatch swatch-${style === "one" ? (color ?? 0) + 1 : style}`} />
          <span className="tooltip-name">{title}</span>
          <span className="number">{props.format(value)}</span>
        </div>
      ))}
      {isMany && <div className="quiet">and {lines.length - LINES_MAX} more</div>}
    </div>
  );
}
