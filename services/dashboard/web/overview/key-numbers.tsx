import { type ReactNode, useEffect, useRef, useState } from "react";
import { type Change, changeOf, changeText } from "../format/change.ts";
import { titleOf } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import type { Total } from "./use-totals.ts";

const BEFORE = { previous: "the period before", year: "the year before", none: "" } as const;
const FLASH_MS = 900;

/** The numbers that matter; a click shows one over time. */
export function KeyNumbers(props: {
  readonly totals: readonly Total[];
  readonly chosen: string;
  readonly compare: keyof typeof BEFORE;
  readonly isOld: boolean;
  readonly onChoose: (name: string) => void;
}): ReactNode {
  return (
    <ul className={`key-numbers ${props.isOld ? "panel-old" : ""}`}>
      {props.totals.map((total) => (
        <li key={total.number.name}>
          <button
            type="button"
            className="key-number"
            aria-pressed={total.number.name === props.chosen}
            disabled={!total.kept}
            onClick={() => props.onChoose(total.number.name)}
          >
            <span className="key-title">{titleOf(total.number.name)}</span>
            {total.kept ? (
              <Value {...total} compare={props.compare} />
            ) : (
              <span className="key-none">Not kept by this filter</span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Value({ number, now, before, compare }: Total & { readonly compare: keyof typeof BEFORE }): ReactNode {
  const { unit } = number;
  const flash = useFlash(now);
  if (now === undefined) return <span className="skeleton key-skeleton" />;
  const change = changeOf(now, before);
  const news =
    change === undefined || change.direction === "same" || change.direction === "new" || number.more === "neither"
      ? "same"
      : (change.direction === "up") === (number.more === "good")
        ? "good"
        : "bad";
  return (
    <>
      <span className={`key-value number ${flash ? "flash" : ""}`} title={numberText(now, { unit })}>
        {numberText(now, { unit, compact: true })}
      </span>
      {before !== undefined && (
        <span
          className={`key-change number change-${news}`}
          title={`${numberText(before, { unit })} in ${BEFORE[compare]}`}
        >
          <span aria-hidden="true">{changeText(change)}</span>
          {change !== undefined && (
            <span className="unseen">
              {wordsOf(change)} {numberText(before, { unit })} in {BEFORE[compare]}
            </span>
          )}
        </span>
      )}
    </>
  );
}

/** What stands before the number before, for those who listen. */
function wordsOf({ direction, text }: Change): string {
  if (direction === "new") return "after";
  return direction === "same" ? "as much as" : `${direction} ${text} from`;
}

/** True for a moment after a value has changed into another. */
function useFlash(value: unknown): boolean {
  const [flash, setFlash] = useState(false);
  const before = useRef(value);
  useEffect(() => {
    const isFirst = before.current === undefined || before.current === null;
    const isSame = before.current === value;
    before.current = value;
    if (isFirst || isSame) return;
    setFlash(true);
    const timer = setTimeout(() => setFlash(false), FLASH_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return flash;
}
