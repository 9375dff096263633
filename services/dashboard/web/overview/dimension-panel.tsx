import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useState } from "react";
import { numberOf, placeOf, textOf } from "../answer/value.ts";
import { titleOf, valueTitle } from "../format/names.ts";
import { numberText, shareText } from "../format/number.ts";
import { Nothing, Panel } from "../panel/panel.tsx";
import { PanelMenu } from "../panel/panel-menu.tsx";
import { Tabs } from "../panel/tabs.tsx";
import { useAsked, useWorkspace } from "../project/workspace.tsx";
import { isKept, unitOf } from "../question/catalog.ts";
import { dimensionsOf } from "../question/filter.ts";
import { type Question, queryOf } from "../question/question.ts";
import { useAnswer } from "../question/use-answer.ts";
import { type BarRow, BarTable, TableSkeleton } from "../table/bar-table.tsx";
import { useMinute } from "../time/use-minute.ts";
import { chosenValues, toggled } from "../url/view.ts";
import type { KeyNumber } from "./key-number.ts";
import { type Plan, type Tab, tableMetric } from "./plan.ts";

const ROWS = 8;
const ROWS_MAX = 200;

/** What a number is made of, by a dimension: tabs for several, and a click on a row filters. */
export function DimensionPanel(props: {
  readonly title: string;
  readonly tabs: readonly Tab[];
  readonly plan: Plan;
  readonly number: KeyNumber;
  /** The whole that shares are of, by metric, as far as it is known. */
  readonly wholeOf: (metric: string) => number | null | undefined;
}): ReactNode {
  const { title, tabs, plan, number } = props;
  const { catalog, view, change } = useWorkspace();
  const asked = useAsked();
  const minute = useMinute();
  const [place, setPlace] = useState(0);
  const [isWhole, setWhole] = useState(false);
  const tab = tabs[Math.min(place, tabs.length - 1)]!;
  const [first = ""] = tab.dimensions;
  // What is chosen here is marked among the others, so that one can choose another: its own table is not filtered by it.
  const filters = [
    ...(asked.filters ?? []).filter(({ dimension, not }) => not || dimension !== first),
    ...(tab.without === undefined ? [] : [{ dimension: first, not: true, values: [tab.without] }]),
  ];
  const metric = tableMetric(tab, number, plan, catalog, dimensionsOf(filters));
  const question: Question = {
    ...asked,
    filters,
    compare: "none",
    metrics: [metric],
    dimensions: tab.dimensions,
    limit: isWhole ? ROWS_MAX : ROWS + 1,
  };
  // What no rollup keeps is asked once, so that the server says what would keep it.
  const kept = isKept(catalog, metric, [...tab.dimensions, ...dimensionsOf(filters)]);
  const { result, problem, isOld } = useAnswer(queryOf(question, minute), kept ? "live" : "still");
  const chosen = chosenValues(view, first);
  const unit = unitOf(catalog, metric);
  const rows =
    result &&
    rowsOf(result, { tab, chosen, unit, whole: chosen.length > 0 ? undefined : props.wholeOf(metric) }).map((row) => ({
      ...row,
      onChoose: row.isOther ? undefined : () => change((before) => toggled(before, first, row.value)),
    }));
  const hasMore = (rows?.length ?? 0) > ROWS && !isWhole;
  return (
    <Panel
      title={title}
      tabs={
        tabs.length > 1 && (
          <Tabs label={title} titles={tabs.map((one) => one.title)} chosen={place} onChoose={setPlace} />
        )
      }
      actions={<PanelMenu title={tab.title} question={{ ...question, limit: ROWS_MAX }} result={result} />}
      problem={problem}
      isOld={isOld}
    >
      {rows === undefined ? (
        <TableSkeleton rows={ROWS} />
      ) : rows.length === 0 ? (
        <Nothing>Nothing in this time.</Nothing>
      ) : (
        <>
          <div className={isWhole ? "table-scroll" : ""}>
            <BarTable
              caption={`${titleOf(metric)} by ${tab.dimensions.map(titleOf).join(", ")}`}
              headings={[titleOf(first), titleOf(metric), ...(rows[0]!.numbers.length > 1 ? ["Share"] : [])]}
              rows={isWhole ? rows : rows.slice(0, ROWS)}
              isChoosing={chosen.length > 0}
            />
          </div>
          {(hasMore || isWhole) && (
            <button type="button" className="button button-bare button-small more" onClick={() => setWhole(!isWhole)}>
              {isWhole ? "Show fewer" : "Show more"}
            </button>
          )}
        </>
      )}
    </Panel>
  );
}

type TableRow = BarRow & { readonly value: string; readonly isOther: boolean };

function rowsOf(
  result: Result,
  options: {
    readonly tab: Tab;
    readonly chosen: readonly string[];
    readonly unit: string;
    readonly whole: number | null | undefined;
  },
): TableRow[] {
  const { tab, chosen, unit, whole } = options;
  const places = tab.dimensions.map((name) => placeOf(result, Role.DIMENSION, name));
  const metric = placeOf(result, Role.METRIC);
  const isSum = unit !== "ms";
  // Of several dimensions, tuples without any value say nothing: they are whatever has no campaign.
  const rows = result.rows.filter((row) => tab.dimensions.length === 1 || places.some((at) => textOf(row.values[at])));
  const greatest = Math.max(...rows.map((row) => numberOf(row.values[metric]) ?? 0), 0);
  return rows.map((row) => {
    const texts = places.map((at) => textOf(row.values[at]));
    const [value = "", ...others] = texts;
    const number = numberOf(row.values[metric]);
    const details = others.filter((text) => text !== "").join(" · ");
    const hasShare = isSum && whole !== null && whole !== undefined && whole > 0;
    return {
      key: JSON.stringify([row.other, ...texts]),
      value,
      title: row.other ? "Others, not kept apart" : valueTitle(tab.dimensions[0]!, value),
      ...(details !== "" && { detail: details }),
      share: greatest > 0 ? (number ?? 0) / greatest : 0,
      numbers: [numberText(number, { unit, compact: true }), ...(hasShare ? [shareText((number ?? 0) / whole)] : [])],
      chosen: chosen.includes(value),
      isOther: row.other,
    };
  });
}
