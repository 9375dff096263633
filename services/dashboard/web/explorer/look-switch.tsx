import type { ReactNode } from "react";
import { titleOf } from "../format/names.ts";
import { Select } from "../menu/select.tsx";
import type { Change } from "./answer-panel.tsx";
import { LIMITS, limitOf } from "./asked.ts";
import { type Exploration, type Look, lookOf, whyNot } from "./exploration.ts";

const LOOKS: readonly (readonly [Look, string])[] = [
  ["series", "Series"],
  ["bars", "Bars"],
  ["table", "Table"],
  ["number", "Number"],
];

/** Chooses how the answer is seen, in which order, and how much of it. */
export function LookSwitch({
  exploration,
  onChange,
}: {
  readonly exploration: Exploration;
  readonly onChange: Change;
}): ReactNode {
  const { dimensions, byTime } = exploration;
  const look = lookOf(exploration);
  return (
    <div className="looks-line">
      <fieldset className="looks">
        <legend className="unseen">Show as</legend>
        {LOOKS.map(([name, title]) => {
          const why = whyNot(name, dimensions);
          return (
            <label className="look" key={name} title={why}>
              <input
                type="radio"
                name="look"
                value={name}
                checked={look === name}
                disabled={why !== undefined}
                onChange={() => onChange((before) => ({ ...before, look: name, limit: undefined }))}
              />
              <span>
                {title}
                {why && <span className="unseen">: {why}</span>}
              </span>
            </label>
          );
        })}
      </fieldset>
      {look === "table" && (
        <label className="over-time">
          <input
            type="checkbox"
            checked={byTime}
            onChange={({ target }) => onChange((before) => ({ ...before, byTime: target.checked, order: undefined }))}
          />
          Over time
        </label>
      )}
      <div className="top-space" />
      {/* Headings of a table order it. */}
      {dimensions.length > 0 && look !== "table" && <OrderSelect exploration={exploration} onChange={onChange} />}
      {dimensions.length > 0 && <LimitSelect exploration={exploration} onChange={onChange} />}
    </div>
  );
}

type Props = { readonly exploration: Exploration; readonly onChange: Change };

function OrderSelect({ exploration, onChange }: Props): ReactNode {
  const { metrics, dimensions, order } = exploration;
  const usual = `-${metrics[0]}`;
  const value = order === undefined ? usual : `${order.descending ? "-" : "+"}${order.field}`;
  const choices = [
    ...metrics.flatMap((name) => [
      [`-${name}`, `Highest ${titleOf(name).toLowerCase()}`],
      [`+${name}`, `Lowest ${titleOf(name).toLowerCase()}`],
    ]),
    ...dimensions.flatMap((name) => [
      [`+${name}`, `${titleOf(name)}, A to Z`],
      [`-${name}`, `${titleOf(name)}, Z to A`],
    ]),
    ...(order?.field === "time"
      ? [
          ["+time", "Earliest"],
          ["-time", "Latest"],
        ]
      : []),
  ] as [string, string][];
  return (
    <Select
      label="Order"
      value={value}
      onChoose={(chosen) =>
        onChange((before) => ({
          ...before,
          order: chosen === usual ? undefined : { field: chosen.slice(1), descending: chosen.startsWith("-") },
        }))
      }
    >
      {choices.map(([key, title]) => (
        <option key={key} value={key}>
          {title} first
        </option>
      ))}
    </Select>
  );
}

function LimitSelect({ exploration, onChange }: Props): ReactNode {
  const usual = LIMITS[lookOf(exploration)];
  const limit = limitOf(exploration);
  const choices = [...new Set([...usual, limit])].sort((a, b) => a - b);
  return (
    <Select
      label="How many"
      value={String(limit)}
      onChoose={(chosen) =>
        onChange((before) => ({ ...before, limit: Number(chosen) === usual[0] ? undefined : Number(chosen) }))
      }
    >
      {choices.map((count) => (
        <option key={count} value={count}>
          Top {count}
        </option>
      ))}
    </Select>
  );
}
