import { type ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "../menu/icons.tsx";
import { type Option, type PickerProps, usePicker } from "./use-picker.ts";
import "./picker.css";

/**
 * Picks some of many by typing and arrow keys: the combobox with a list of the WAI-ARIA Authoring Practices. What is
 * picked stands before the field; Backspace in the empty field takes the last away.
 */
export function Picker(props: PickerProps): ReactNode {
  const { label, chosen, max } = props;
  const id = useId();
  const { box, input, open, text, active, found, type, toggle, press, point, pop } = usePicker(props);
  const current = found[active];
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
        <Chips {...props} onRemoved={() => input.current?.focus()} />
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
            pop();
          }}
          onClick={pop}
          onKeyDown={press}
        />
      </div>
      {open && (
        <div className={props.isInline ? "picker-inline" : "popover popover-left picker-popup"}>
          {hasList ? (
            <List {...{ id, label, found, active, chosen, point, toggle }} />
          ) : (
            <p className="picker-none">
              {props.onText === undefined ? "Nothing has such a name." : "Press Enter to take what is typed."}
            </p>
          )}
          {chosen.length >= max && max > 1 && <p className="picker-hint">That is as many as can be asked: {max}.</p>}
          {current?.hint && <div className="picker-hint">{current.hint}</div>}
        </div>
      )}
      <span className="unseen" role="status">
        {open ? `${found.length} to choose from${current?.note ? `. ${current.title}: ${current.note}` : ""}` : ""}
      </span>
    </div>
  );
}

function Chips(props: PickerProps & { readonly onRemoved: () => void }): ReactNode {
  const { label, chosen, chosenTitle, onChange, onRemoved } = props;
  return chosen.map((value) => (
    <span className="chip picker-chip" key={value}>
      <span className="chip-text">{chosenTitle(value)}</span>
      <button
        type="button"
        className="chip-close"
        aria-label={`Remove ${chosenTitle(value)} from ${label}`}
        onClick={() => {
          onChange(chosen.filter((one) => one !== value));
          onRemoved();
        }}
      >
        <Icon name="close" size={12} />
      </button>
    </span>
  ));
}

function List(props: {
  readonly id: string;
  readonly label: string;
  readonly found: readonly Option[];
  readonly active: number;
  readonly chosen: readonly string[];
  readonly point: (place: number) => void;
  readonly toggle: (value: string) => void;
}): ReactNode {
  const { id, label, found, active, chosen, point, toggle } = props;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div className="picker-list" role="listbox" id={`${id}-list`} aria-label={label} aria-multiselectable ref={list}>
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
          // The field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onPointerMove={() => place !== active && point(place)}
          onClick={() => !option.isDisabled && toggle(option.value)}
        >
          <span className="picker-check">{chosen.includes(option.value) && <Icon name="check" size={14} />}</span>
          <span className="picker-title">{option.title}</span>
          {option.note && <span className="picker-note">{option.note}</span>}
        </div>
      ))}
    </div>
  );
}
