import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../menu/icons.tsx";

/** Something that can be picked. */
export type Option = {
  readonly value: string;
  readonly title: string;
  /** Beside the title, quieter: a unit, or why it can't be picked. */
  readonly note?: string | undefined;
  /** Below the list while the option is the active one. */
  readonly hint?: ReactNode;
  readonly isDisabled?: boolean;
};

/**
 * Picks some of many by typing and arrow keys: the combobox with a list of the WAI-ARIA Authoring Practices. What is
 * picked stands before the field; Backspace in the empty field takes the last away.
 */
export function Picker(props: {
  readonly label: string;
  readonly placeholder: string;
  readonly options: readonly Option[];
  readonly chosen: readonly string[];
  readonly chosenTitle: (value: string) => string;
  readonly max: number;
  readonly onChange: (chosen: readonly string[]) => void;
  /** Takes what is typed as a value, and is told of it; absent where only the options can be picked. */
  readonly onText?: (text: string) => void;
  /** The list is always there, below the field. */
  readonly isInline?: boolean;
}): ReactNode {
  const { label, options, chosen, max, onText, isInline = false } = props;
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [popped, setOpen] = useState(false);
  const open = popped || isInline;
  const [text, setText] = useState("");
  const [active, setActive] = useState(-1);
  const isFree = onText !== undefined;
  const found = options.filter((option) => matches(option, text));
  const current = found[active];
  useClosing(box, popped, () => setOpen(false));

  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function type(next: string): void {
    setText(next);
    setActive(isFree || next === "" ? -1 : 0);
    onText?.(next);
  }

  function toggle(value: string): void {
    const isChosen = chosen.includes(value);
    if (!isChosen && chosen.length >= max && max > 1) return;
    const others = max === 1 ? [] : chosen.filter((one) => one !== value);
    props.onChange(isChosen ? others : [...others, value]);
    if (text !== "") type("");
    if (max === 1) setOpen(false);
    input.current?.focus();
  }

  function press(event: KeyboardEvent): void {
    const step = stepOf(event, active, found.length);
    if (step !== undefined) {
      event.preventDefault();
      if (open) setActive(step);
      else setActive(event.key === "ArrowUp" ? found.length - 1 : 0);
      setOpen(true);
    } else if (event.key === "Enter") {
      if (open && current !== undefined) {
        event.preventDefault();
        if (!current.isDisabled) toggle(current.value);
      } else if (isFree && text !== "") {
        event.preventDefault();
        if (chosen.includes(text)) type("");
        else toggle(text);
      }
    } else if (event.key === "Escape" && (popped || text !== "")) {
      event.stopPropagation();
      if (popped && !isInline) setOpen(false);
      else type("");
    } else if (event.key === "Backspace" && text === "" && chosen.length > 0) {
      props.onChange(chosen.slice(0, -1));
    }
  }

  const hasList = open && found.length > 0;
  return (
    <div className="picker" ref={box}>
      <label className="picker-label" htmlFor={`${id}-input`}>
        {label}
      </label>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a click beside the field goes to the field, as in any field */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard one is in the field already */}
      <div
        className="picker-box"
        onClick={({ target, currentTarget }) => target === currentTarget && input.current?.focus()}
      >
        {chosen.map((value) => (
          <span className="chip picker-chip" key={value}>
            <span className="chip-text">{props.chosenTitle(value)}</span>
            <button
              type="button"
              className="chip-close"
              aria-label={`Remove ${props.chosenTitle(value)} from ${label}`}
              onClick={() => {
                props.onChange(chosen.filter((one) => one !== value));
                input.current?.focus();
              }}
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        ))}
        <input
          ref={input}
          id={`${id}-input`}
          className="picker-input"
          role="combobox"
          autoComplete="off"
          spellCheck={false}
          aria-expanded={hasList}
          aria-autocomplete="list"
          aria-controls={hasList ? `${id}-list` : undefined}
          aria-activedescendant={hasList && current !== undefined ? `${id}-${active}` : undefined}
          placeholder={chosen.length >= max ? "" : props.placeholder}
          value={text}
          onChange={({ target }) => {
            type(target.value);
            setOpen(true);
          }}
          onClick={() => setOpen(true)}
          onKeyDown={press}
        />
      </div>
      {open && (
        <div className={isInline ? "picker-inline" : "popover popover-left picker-popup"}>
          {hasList ? (
            <div
              className="picker-list"
              role="listbox"
              id={`${id}-list`}
              aria-label={label}
              aria-multiselectable
              ref={list}
            >
              {found.map((option, place) => (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
                <div
                  key={option.value}
                  id={`${id}-${place}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={chosen.includes(option.value)}
                  aria-disabled={option.isDisabled ?? false}
                  className={`picker-option ${place === active ? "picker-active" : ""}`}
                  onPointerDown={(event) => event.preventDefault()}
                  onPointerMove={() => place !== active && setActive(place)}
                  onClick={() => !option.isDisabled && toggle(option.value)}
                >
                  <span className="picker-check">
                    {chosen.includes(option.value) && <Icon name="check" size={14} />}
                  </span>
                  <span className="picker-title">{option.title}</span>
                  {option.note && <span className="picker-note">{option.note}</span>}
                </div>
              ))}
            </div>
          ) : (
            <p className="picker-none">{isFree ? "Press Enter to take what is typed." : "Nothing has such a name."}</p>
          )}
          {chosen.length >= max && max > 1 && (
            <p className="picker-hint">That is as many as can be asked at once: {max}.</p>
          )}
          {current?.hint && <div className="picker-hint">{current.hint}</div>}
        </div>
      )}
      <span className="unseen" role="status">
        {open ? `${found.length} to choose from${current?.note ? `. ${current.title}: ${current.note}` : ""}` : ""}
      </span>
    </div>
  );
}

/** Closes what is open when one goes elsewhere. */
function useClosing(box: { readonly current: HTMLElement | null }, open: boolean, close: () => void): void {
  const closing = useRef(close);
  closing.current = close;
  useEffect(() => {
    if (!open) return;
    function outside(event: Event): void {
      if (!box.current?.contains(event.target as Node)) closing.current();
    }
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open, box]);
}

function matches({ value, title }: Option, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return `${value}\n${title}`.toLowerCase().includes(wanted);
}

function stepOf({ key }: KeyboardEvent, active: number, count: number): number | undefined {
  if (count === 0) return undefined;
  if (key === "ArrowDown") return (active + 1) % count;
  if (key === "ArrowUp") return active <= 0 ? count - 1 : active - 1;
  if (key === "PageDown") return Math.min(count - 1, Math.max(0, active) + 10);
  if (key === "PageUp") return Math.max(0, active - 10);
  return undefined;
}
