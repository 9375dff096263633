import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type ReactNode, useMemo, useState } from "react";
import { Chart } from "../chart/chart.tsx";
import type { Series } from "../chart/series.ts";
import { bucketTitle } from "../format/moment.ts";
import { titleOf } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { useWatch, type WatchNews } from "../live/use-watch.ts";
import { Icon } from "../menu/icons.tsx";
import { PanelMenu } from "../panel/panel-menu.tsx";
import { ProblemNote } from "../panel/problem-note.tsx";
import { useAsked, useWorkspace } from "../project/workspace.tsx";
import { dimensionsOf } from "../question/filter.ts";
import { queryOf } from "../question/question.ts";
import { useAnswer } from "../question/use-answer.ts";
import { isWidthKept } from "../time/granularity.ts";
import { lengthMs, spanOf } from "../time/range.ts";
import { useIsOver, useMinute } from "../time/use-minute.ts";
import { zoomedRange } from "../time/zoom.ts";
import type { KeyNumber } from "./key-number.ts";
import { pulseOf } from "./pulse.ts";
import { type SeriesValues, seriesValues } from "./series-values.ts";

const HEIGHT_PX = 280;
const LIMIT = 10_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;
const BEFORE = { previous: "Period before", year: "Year before", none: "" } as const;

/**
 * One number over time, as it changes. Its watch is the one that the page has; `onNews` hears what it brings. What is over
 * is not watched.
 */
export function SeriesPanel(props: {
  readonly number: KeyNumber;
  readonly onNews: (news: WatchNews) => void;
}): ReactNode {
  const { number } = props;
  const { project, catalog, every, view, change, zone } = useWorkspace();
  const shared = useAsked();
  const minute = useMinute();
  const [asTable, setAsTable] = useState(false);
  // The range before may be older than buckets so fine are kept: then it is left out, rather than everything.
  const length = lengthMs(view.range);
  const otherAge = minute - spanOf(view.range, zone, minute).start + (view.compare === "year" ? YEAR_MS : length);
  const compare = isWidthKept(every, catalog.granularities, otherAge) ? view.compare : "none";
  const question = { ...shared, metrics: number.needs, every, compare, limit: LIMIT };
  const query = queryOf(question, minute);
  const isOver = useIsOver(view.range, zone);
  const heard = [...new Set([...number.needs, ...pulseOf(catalog, dimensionsOf(shared.filters ?? []))])];
  const watched = useWatch(isOver ? undefined : queryOf({ ...question, metrics: heard }, minute), props.onNews);
  const asked = useAnswer(isOver ? query : undefined, "still");
  const { result, problem, isOld } = isOver ? asked : watched;
  const sinceMs = project.createTime === undefined ? 0 : timestampMs(project.createTime);
  const values = useMemo(
    () => (result && hasColumns(result, number) ? seriesValues(result, number, Date.now(), sinceMs) : undefined),
    [result, number, sinceMs],
  );
  const format = (value: number | null): string => numberText(value, { unit: number.unit });

  function zoom(from: string, to: string): void {
    change((before) => ({ ...before, range: zoomedRange(from, to, every, zone), every: undefined }));
  }

  if (problem !== undefined) {
    return (
      <div className="series">
        <ProblemNote problem={problem} />
      </div>
    );
  }
  return (
    <div className={`series ${isOld ? "panel-old" : ""}`}>
      <div className="series-actions">
        {values?.before && (
          <span className="legend" aria-hidden="true">
            <span className="swatch swatch-before" /> {BEFORE[view.compare]}
          </span>
        )}
        <button
          type="button"
          className="button button-bare button-small button-icon"
          aria-pressed={asTable}
          aria-label={asTable ? "Show as chart" : "Show as table"}
          title={asTable ? "Show as chart" : "Show as table"}
          onClick={() => setAsTable(!asTable)}
        >
          <Icon name={asTable ? "line" : "table"} />
        </button>
        <PanelMenu title={titleOf(number.name)} question={question} result={result} />
      </div>
      {values === undefined ? (
        <div className="skeleton" style={{ height: HEIGHT_PX }} />
      ) : asTable ? (
        <SeriesTable number={number} values={values} titleOf={(time) => bucketTitle(time, every)} format={format} />
      ) : (
        <SeriesChart
          number={number}
          values={values}
          before={BEFORE[view.compare]}
          titleOf={(time) => bucketTitle(time, every)}
          format={format}
          onZoom={zoom}
        />
      )}
    </div>
  );
}

/** Whether an answer has what the number needs: after another was chosen the old answer has not. */
function hasColumns(result: { readonly columns: readonly { readonly name: string }[] }, number: KeyNumber): boolean {
  return number.needs.every((name) => result.columns.some((column) => column.name === name));
}

type SeriesProps = {
  readonly number: KeyNumber;
  readonly values: SeriesValues;
  readonly titleOf: (time: string) => string;
  readonly format: (value: number | null) => string;
};

function SeriesChart(
  props: SeriesProps & { readonly before: string; readonly onZoom: (from: string, to: string) => void },
): ReactNode {
  const { number, values } = props;
  const series = useMemo<readonly Series[]>(
    () => [
      { title: titleOf(number.name), values: values.now, style: "main" },
      ...(values.before ? [{ title: props.before, values: values.before, style: "before" as const }] : []),
    ],
    [number, values, props.before],
  );
  return (
    <Chart
      label={`${titleOf(number.name)} over time`}
      times={values.times}
      series={series}
      complete={values.complete}
      format={props.format}
      formatAxis={(value) => numberText(value, { unit: number.unit, compact: true })}
      titleOf={props.titleOf}
      height={HEIGHT_PX}
      onZoom={props.onZoom}
    />
  );
}

function SeriesTable({ number, values, titleOf: titleOfTime, format }: SeriesProps): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="series-table" style={{ height: HEIGHT_PX }} tabIndex={0} aria-label="Values">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">{titleOf(number.name)}</th>
            {values.before && <th scope="col">Before</th>}
          </tr>
        </thead>
        <tbody>
          {values.times.map((time, place) => (
            <tr key={time}>
              <th scope="row">{titleOfTime(time)}</th>
              <td className="number">{format(values.now[place] ?? null)}</td>
              {values.before && <td className="number">{format(values.before[place] ?? null)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The clock of a zone, as 2026-01-31T08:00. */
