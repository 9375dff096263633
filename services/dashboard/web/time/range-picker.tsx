import { type FormEvent, type ReactNode, useState } from "react";
import { datesText } from "../format/moment.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { PRESETS, parseRange, type Range, rangeText, rangeTitle, spanOf } from "./range.ts";

/** Chooses the time that is looked at: one of the usual ranges, or any dates. */
export function RangePicker(props: {
  readonly range: Range;
  readonly zone: string;
  readonly onChoose: (range: Range) => void;
}): ReactNode {
  const { range, zone, onChoose } = props;
  return (
    <Dropdown
      label={
        <>
          {rangeTitle(range, datesText)} <Icon name="chevron" size={14} />
        </>
      }
      title={`Time range: ${rangeTitle(range, datesText)}`}
    >
      {(close) => (
        <>
          <ul className="menu">
            {PRESETS.map((preset) => (
              <li key={preset.title}>
                <button
                  type="button"
                  className="menu-item"
                  aria-current={rangeText(preset.range) === rangeText(range)}
                  onClick={() => {
                    onChoose(preset.range);
                    close();
                  }}
                >
                  {preset.title}
                  {preset.hint && <span className="quiet">{preset.hint}</span>}
                </button>
              </li>
            ))}
          </ul>
          <hr className="menu-line" />
          <CustomRange
            range={range}
            zone={zone}
            onChoose={(chosen) => {
              onChoose(chosen);
              close();
            }}
          />
        </>
      )}
    </Dropdown>
  );
}

function CustomRange(props: {
  readonly range: Range;
  readonly zone: string;
  readonly onChoose: (range: Range) => void;
}): ReactNode {
  const span = spanOf(props.range, props.zone, Date.now());
  const [from, setFrom] = useState(dateIn(props.zone, span.start));
  const [to, setTo] = useState(dateIn(props.zone, span.end - 1));
  const range = parseRange(`${from}..${to}`);
  function choose(event: FormEvent): void {
    event.preventDefault();
    if (range !== undefined) props.onChoose(range);
  }
  return (
    <form className="menu-form" onSubmit={choose}>
      <div className="fields">
        <label className="field">
          From
          <input className="input" type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
        </label>
        <label className="field">
          To, included
          <input className="input" type="date" value={to} onChange={(event) => setTo(event.target.value)} />
        </label>
      </div>
      <button type="submit" className="button" disabled={range === undefined}>
        Show these days
      </button>
    </form>
  );
}

/** The date of a moment in a zone, as 2026-01-31. */
function dateIn(zone: string, epochMs: number): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(epochMs);
}
