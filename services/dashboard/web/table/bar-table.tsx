import type { ReactNode } from "react";
import "./table.css";

/** A row of a table with bars. */
export type BarRow = {
  readonly key: string;
  /** What the row is of, for people. Long ones are cut on screen, and whole for those who point at them or listen. */
  readonly title: string;
  /** Behind the title, quieter: a second dimension. */
  readonly detail?: string;
  /** How long the bar is, 0 to 1. */
  readonly share: number;
  /** The numbers, written, one a column. */
  readonly numbers: readonly string[];
  readonly chosen?: boolean;
  /** What a click does; absent where there is nothing to do, as for the tail "(other)". */
  readonly onChoose?: (() => void) | undefined;
};

/** A table whose rows have bars, and may be chosen. */
export function BarTable(props: {
  /** What the table is, for those who can't see it. */
  readonly caption: string;
  /** The heading of the rows, then of each number. */
  readonly headings: readonly string[];
  readonly rows: readonly BarRow[];
  /** Whether some rows are chosen: then the others are pale. */
  readonly isChoosing?: boolean;
}): ReactNode {
  const [first, ...others] = props.headings;
  return (
    <table className={`bars ${props.isChoosing ? "bars-choosing" : ""}`}>
      <caption className="unseen">{props.caption}</caption>
      <thead>
        <tr>
          <th scope="col" className="bars-head">
            {first}
          </th>
          {others.map((heading) => (
            <th scope="col" key={heading} className="bars-head number">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <Row row={row} key={row.key} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row }: { readonly row: BarRow }): ReactNode {
  const name = (
    <>
      <span className="bar-title">{row.title}</span>
      {row.detail && <span className="bar-detail">{row.detail}</span>}
    </>
  );
  const hint = row.detail ? `${row.title} · ${row.detail}` : row.title;
  return (
    <tr className={`bar-row ${row.chosen ? "bar-chosen" : "bar-pale"}`}>
      <th scope="row" title={hint}>
        <span className="bar" style={{ width: `${Math.max(0, Math.min(1, row.share)) * 100}%` }} />
        {row.onChoose === undefined ? (
          <span className="bar-name">{name}</span>
        ) : (
          <button type="button" className="bar-name" aria-pressed={row.chosen ?? false} onClick={row.onChoose}>
            {name}
          </button>
        )}
      </th>
      {row.numbers.map((number, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a column stays where it is
        <td key={place} className={place === 0 ? "number" : "number quiet"}>
          {number}
        </td>
      ))}
    </tr>
  );
}

/** Stands where a table will be: as tall as so many rows. */
export function TableSkeleton({ rows }: { readonly rows: number }): ReactNode {
  return (
    <div className="bars-skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={place} className="skeleton" style={{ width: `${92 * 0.82 ** place}%` }} />
      ))}
    </div>
  );
}
