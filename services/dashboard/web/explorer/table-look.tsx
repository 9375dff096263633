import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import {
  type Column,
  type Result,
  Column_Role as Role,
  type Row,
  Row_State as State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import type { ReactNode } from "react";
import { numberOf, rowKey, textOf } from "../answer/value.ts";
import { changeOf, changeText } from "../format/change.ts";
import { bucketTitle } from "../format/moment.ts";
import { titleOf, valueTitle } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { Icon } from "../menu/icons.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { type Catalog, metricOf, unitOf } from "../question/catalog.ts";
import type { Question } from "../question/question.ts";
import type { SortKey } from "./exploration.ts";
import { isPartial } from "./partial.ts";
import "./table-look.css";

/** Browsers draw so many rows without a thought. */
const ROWS_SHOWN = 1_000;

/** A column as it is shown: a value of the answer, or the change from one to another. */
type Shown = {
  readonly key: string;
  readonly title: string;
  readonly isNumber: boolean;
  /** What a click on the heading orders by. */
  readonly field: string | undefined;
  readonly text: (row: Row) => string;
  /** The sum over the rows; undefined where a sum would mean nothing. */
  readonly sum: ((rows: readonly Row[]) => string) | undefined;
};

/** Every value, in rows; a click on a heading orders by it. */
export function TableLook(props: {
  readonly question: Question;
  readonly result: Result;
  readonly onSort: (order: SortKey | undefined) => void;
}): ReactNode {
  const { question, result, onSort } = props;
  const { catalog } = useWorkspace();
  const columns = shownColumns(result, question, catalog);
  const rows = result.rows.slice(0, ROWS_SHOWN);
  // A mark on each row would tell nothing apart.
  const isMarked = rows.some(({ state }) => state === State.FINAL);
  const order = question.order ?? usualOrder(question);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="answer-table" tabIndex={0} aria-label="Rows">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.key} column={column} order={order} onSort={onSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={rowKey(row, result.columns)} className={row.other ? "row-other" : ""}>
                {columns.map((column, place) => (
                  <Cell
                    key={column.key}
                    column={column}
                    row={row}
                    isMarked={isMarked && place === 0 && row.state === State.PROVISIONAL}
                  />
                ))}
              </tr>
            ))}
          </tbody>
          {rows.length > 1 && <Sums columns={columns} rows={rows} />}
        </table>
      </section>
      {result.rows.length > rows.length && (
        <p className="quiet">
          {numberText(rows.length)} of {numberText(result.rows.length)} rows are shown. The CSV has them all.
        </p>
      )}
    </>
  );
}

function Cell({
  column,
  row,
  isMarked,
}: {
  readonly column: Shown;
  readonly row: Row;
  readonly isMarked: boolean;
}): ReactNode {
  const text = column.text(row);
  if (column.isNumber) return <td className="number">{text}</td>;
  return (
    <th scope="row" title={text}>
      {text}
      {isMarked && (
        <span className="so-far" title="May still change">
          <span aria-hidden="true"> ·</span>
          <span className="unseen"> may still change</span>
        </span>
      )}
    </th>
  );
}

function Sums({ columns, rows }: { readonly columns: readonly Shown[]; readonly rows: readonly Row[] }): ReactNode {
  if (!columns.some(({ sum }) => sum)) return null;
  return (
    <tfoot>
      <tr>
        {columns.map((column, place) =>
          column.isNumber ? (
            <td key={column.key} className="number">
              {column.sum?.(rows) ?? ""}
            </td>
          ) : (
            <th key={column.key} scope="row">
              {place === 0 ? `Sum of ${rows.length} rows` : ""}
            </th>
          ),
        )}
      </tr>
    </tfoot>
  );
}

function Heading(props: {
  readonly column: Shown;
  readonly order: SortKey;
  readonly onSort: (order: SortKey | undefined) => void;
}): ReactNode {
  const { column, order, onSort } = props;
  const { field, title, isNumber } = column;
  const isSorted = field !== undefined && order.field === field;
  const kind = isNumber ? "number" : "";
  if (field === undefined) {
    return (
      <th scope="col" className={kind}>
        {title}
      </th>
    );
  }
  return (
    <th scope="col" className={kind} aria-sort={isSorted ? (order.descending ? "descending" : "ascending") : undefined}>
      <button
        type="button"
        className="sort"
        onClick={() => onSort({ field, descending: isSorted ? !order.descending : isNumber })}
      >
        {title}
        {isSorted && <Icon name={order.descending ? "down" : "up"} size={12} />}
      </button>
    </th>
  );
}

/** The order of the server where nothing was chosen. */
function usualOrder({ metrics, every }: Question): SortKey {
  return every === undefined ? { field: metrics[0]!, descending: true } : { field: "time", descending: false };
}

function shownColumns(result: Result, question: Question, catalog: Catalog): readonly Shown[] {
  const canSort = question.every !== undefined || (question.dimensions ?? []).length > 0;
  return result.columns.flatMap((column, place): readonly Shown[] => {
    if (column.role === Role.COMPARISON) return [];
    const { name } = column;
    const field = canSort ? name : undefined;
    if (column.role === Role.METRIC) {
      const before = result.columns.findIndex((one) => one.role === Role.COMPARISON && one.name === name);
      const style = { unit: unitOf(catalog, name) };
      const numbers = (at: number, key: string, title: string, sortBy: string | undefined): Shown => ({
        key: `${key} ${name}`,
        title,
        isNumber: true,
        field: sortBy,
        text: (row) => numberText(numberOf(row.values[at]), style),
        sum: canSum(catalog, name)
          ? (rows) =>
              numberText(
                rows.reduce((sum, row) => sum + (numberOf(row.values[at]) ?? 0), 0),
                style,
              )
          : undefined,
      });
      const value = numbers(place, "now", titleOf(name), field);
      if (before < 0) return [value];
      const change: Shown = {
        key: `change ${name}`,
        title: "Change",
        isNumber: true,
        field: undefined,
        text: (row) => changeText(changeOf(numberOf(row.values[place]), numberOf(row.values[before]))),
        sum: undefined,
      };
      const then = numbers(before, "before", "Before", undefined);
      // A change from a whole range to a part of one would mislead; of a bucket it does so in the last alone.
      return question.every === undefined && isPartial(result) ? [value, then] : [value, then, change];
    }
    return [
      {
        key: `of ${name}`,
        title: column.role === Role.TIME ? "Time" : titleOf(name),
        isNumber: false,
        field,
        text: textOfColumn(column, place, question),
        sum: undefined,
      },
    ];
  });
}

function textOfColumn({ role, name }: Column, place: number, { every = "1d" }: Question): (row: Row) => string {
  if (role === Role.TIME) return (row) => bucketTitle(textOf(row.values[place]), every);
  return (row) => {
    const value = textOf(row.values[place]);
    return row.other && value === "" ? "(other)" : valueTitle(name, value);
  };
}

/** Counts and sums add up; whoever is counted once in each of two rows may be one, and averages do not add up at all. */
function canSum(catalog: Catalog, asked: string): boolean {
  const aggregation = catalog.metrics.find(({ name }) => name === metricOf(asked))?.aggregation;
  return aggregation === Aggregation.COUNT || aggregation === Aggregation.SUM;
}
