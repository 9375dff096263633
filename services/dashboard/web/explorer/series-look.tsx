import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useMemo } from "react";
import { Chart } from "../chart/chart.tsx";
import { COLOR_COUNT, type Series } from "../chart/series.ts";
import { bucketTitle } from "../format/moment.ts";
import { titleOf } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { useWorkspace } from "../project/workspace.tsx";
import { unitOf } from "../question/catalog.ts";
import type { Question } from "../question/question.ts";
import { useMinute } from "../time/use-minute.ts";
import { zoomedRange } from "../time/zoom.ts";
import { LINES_MAX } from "./asked.ts";
import { type Lines, linesOf } from "./tuples.ts";

const ALONE_PX = 320;
const AMONG_PX = 200;
const BEFORE = { previous: "Period before", year: "Year before", none: "" } as const;

/** With colours alone lines would be alike to some: strokes differ as well. Lengths of strokes and gaps, in pixels. */
const DASHES: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [12, 4, 2, 4],
  [5, 2],
  [1, 4],
  [16, 4],
  [6, 3, 2, 3],
  [14, 3, 2, 3, 2, 3],
  [3, 6],
];

/** Lines over time: a chart for each metric, as each has its own scale, with a line for each tuple. */
export function SeriesLook({ question, result }: { readonly question: Question; readonly result: Result }): ReactNode {
  const { catalog, view, change, zone } = useWorkspace();
  const minute = useMinute();
  const every = question.every ?? "1d";
  const lines = useMemo(() => linesOf(result, Math.max(minute, Date.now())), [result, minute]);
  const hasTuples = (question.dimensions ?? []).length > 0;
  const before = hasTuples ? "" : BEFORE[view.compare];
  const charts = useMemo(
    () => question.metrics.map((metric) => ({ metric, series: seriesOf(lines, metric, hasTuples, before) })),
    [question.metrics, lines, hasTuples, before],
  );
  const isAlone = charts.length === 1;
  return (
    <>
      {hasTuples && <Legend series={charts[0]!.series} label={(question.dimensions ?? []).map(titleOf).join(", ")} />}
      {!hasTuples && before !== "" && (
        <p className="legend-line">
          <span className="swatch swatch-before" aria-hidden="true" /> {before}
        </p>
      )}
      {charts.map(({ metric, series }) => (
        <div key={metric} className="answer-chart">
          {!isAlone && <h3 className="chart-title">{titleOf(metric)}</h3>}
          <Chart
            label={`${titleOf(metric)} over time`}
            times={lines.times}
            series={series}
            complete={lines.complete}
            format={(value) => numberText(value, { unit: unitOf(catalog, metric) })}
            formatAxis={(value) => numberText(value, { unit: unitOf(catalog, metric), compact: true })}
            titleOf={(time) => bucketTitle(time, every)}
            height={isAlone ? ALONE_PX : AMONG_PX}
            onZoom={(from, to) =>
              change((before) => ({ ...before, range: zoomedRange(from, to, every, zone), every: undefined }))
            }
          />
        </div>
      ))}
    </>
  );
}

function seriesOf(lines: Lines, metric: string, hasTuples: boolean, before: string): readonly Series[] {
  const [first] = lines.tuples;
  if (first === undefined) return [];
  if (hasTuples) {
    return lines.tuples.slice(0, LINES_MAX).map((tuple, place) => ({
      title: tuple.title,
      values: lines.values(metric, tuple),
      style: "one",
      color: place % COLOR_COUNT,
      dash: DASHES[place % DASHES.length] ?? [],
    }));
  }
  const main: Series = { title: titleOf(metric), values: lines.values(metric, first), style: "main" };
  if (before === "") return [main];
  return [main, { title: before, values: lines.values(metric, first, Role.COMPARISON), style: "before" }];
}

function Legend({ series, label }: { readonly series: readonly Series[]; readonly label: string }): ReactNode {
  return (
    <ul className="lines-legend" aria-label={label}>
      {series.map(({ title, color = 0, dash = [] }) => (
        <li key={title} title={title}>
          <svg width="28" height="10" aria-hidden="true" className={`line-swatch line-swatch-${color + 1}`}>
            <line x1="0" y1="5" x2="28" y2="5" strokeDasharray={dash.length > 0 ? dash.join(" ") : undefined} />
          </svg>
          <span>{title}</span>
        </li>
      ))}
    </ul>
  );
}
