import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./chart.css";
import { epochsOf } from "../answer/bucket-times.ts";
import { useTheme } from "../theme/theme.ts";
import { plotOptions } from "./plot-options.ts";
import { type Series, splitAt } from "./series.ts";
import { Tooltip } from "./tooltip.tsx";

/** A chart of series over time. */
export type ChartProps = {
  /** What is shown, for those who can't see it. */
  readonly label: string;
  /** The beginnings of the buckets, RFC 3339 with the zone's offset, ascending. */
  readonly times: readonly string[];
  /** Lines of as many values as there are times. Those of the style `main` first. */
  readonly series: readonly Series[];
  /** How many of the buckets are over: the others are drawn dashed. */
  readonly complete: number;
  readonly format: (value: number | null) => string;
  /** How values of the axis are written; they are round and short. */
  readonly formatAxis: (value: number) => string;
  readonly titleOf: (time: string) => string;
  /** In pixels. */
  readonly height: number;
  /** Called with the beginnings of the first and last bucket of a stretch that was dragged over. */
  readonly onZoom?: ((from: string, to: string) => void) | undefined;
};

/** Draws lines on a canvas; values are read by pointing, or by the arrow keys. */
export function Chart(props: ChartProps): ReactNode {
  const { times, series, complete, height } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const newest = useRef(props);
  newest.current = props;
  const [cursor, setCursor] = useState<{ readonly place: number; readonly left: number } | undefined>();
  const { shown } = useTheme();
  const data = useMemo(() => plotData(times, series, complete), [times, series, complete]);
  const lines = series.map(({ style, color }) => `${style}${color ?? ""}`).join(" ");

  // biome-ignore lint/correctness/useExhaustiveDependencies: what a plot can't change makes a new one; the theme is in its colours
  useLayoutEffect(() => {
    const element = box.current!;
    const made = new uPlot(
      plotOptions(series, { width: element.clientWidth, height }, () => newest.current, {
        setCursor: [
          ({ cursor: { idx, left } }) => {
            setCursor(idx == null || left === undefined || left < 0 ? undefined : { place: idx, left });
          },
        ],
        setSelect: [(self) => zoomTo(self, newest.current)],
      }),
      data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [lines, height, shown]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: in another zone the same moments have other marks, which new values alone don't bring
  useEffect(() => {
    plot.current?.redraw(false, true);
  }, [times]);

  function point(place: number): void {
    const made = plot.current;
    const x = data[0][place];
    if (made === undefined || x === undefined) return;
    made.setCursor({ left: made.valToPos(x, "x"), top: 0 });
  }

  const place = cursor?.place ?? times.length - 1;
  return (
    <div className="chart">
      <div
        ref={box}
        className="chart-canvas"
        role="slider"
        tabIndex={0}
        aria-label={`${props.label}. Arrow keys read the values.`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, times.length - 1)}
        aria-valuenow={Math.max(0, place)}
        aria-valuetext={spoken(props, place)}
        style={{ height }}
        onKeyDown={(event) => {
          const next = stepTo(event, cursor?.place, times.length);
          if (next === undefined) return;
          event.preventDefault();
          point(next);
        }}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      />
      {cursor !== undefined && times[cursor.place] !== undefined && (
        <Tooltip
          left={cursor.left + (plot.current?.over.offsetLeft ?? 0)}
          width={box.current?.clientWidth ?? 0}
          title={props.titleOf(times[cursor.place]!)}
          series={series}
          place={cursor.place}
          isOpen={cursor.place === complete}
          format={props.format}
        />
      )}
    </div>
  );
}

function plotData(times: readonly string[], series: readonly Series[], complete: number): uPlot.AlignedData {
  const lines = series.flatMap(({ values, style }) =>
    // What was before is over.
    style === "before" ? splitAt(values, values.length) : splitAt(values, complete),
  );
  return [epochsOf(times), ...lines] as uPlot.AlignedData;
}

function zoomTo(plot: uPlot, { times, onZoom }: ChartProps): void {
  const { left, width } = plot.select;
  if (width <= 0) return;
  const from = times[plot.posToIdx(left)];
  const to = times[plot.posToIdx(left + width)];
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  if (onZoom !== undefined && from !== undefined && to !== undefined && from !== to) onZoom(from, to);
}

function stepTo(event: KeyboardEvent, place: number | undefined, count: number): number | undefined {
  const last = count - 1;
  switch (event.key) {
    case "ArrowRight":
    case "ArrowUp":
      return place === undefined ? 0 : Math.min(last, place + 1);
    case "ArrowLeft":
    case "ArrowDown":
      return place === undefined ? last : Math.max(0, place - 1);
    case "PageUp":
      return Math.min(last, (place ?? 0) + 10);
    case "PageDown":
      return Math.max(0, (place ?? last) - 10);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}

function spoken({ times, series, titleOf, format }: ChartProps, place: number): string {
  const time = times[place];
  if (time === undefined) return "No values";
  return `${titleOf(time)}: ${series.map(({ title, values }) => `${title} ${format(values[place] ?? null)}`).join(", ")}`;
}
