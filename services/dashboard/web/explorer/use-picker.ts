import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";

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

/** What can be picked, and what is. */
export type PickerProps = {
  readonly label: string;
  readonly placeholder: string;
  readonly options: readonly Option[];
  readonly chosen: readonly string[];
  readonly chosenTitle: (value: string) => string;
  /** How many at most; of one the next takes the place. */
  readonly max: number;
  readonly onChange: (chosen: readonly string[]) => void;
  /** Takes what is typed as a value, and is told of it; absent where only the options can be picked. */
  readonly onText?: (text: string) => void;
  /** The list is always there, below the field. */
  readonly isInline?: boolean;
};

/** What a picker shows, and what is done with it. */
export type PickerState = {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly open: boolean;
  readonly text: string;
  /** The options that match what is typed. */
  readonly found: readonly Option[];
  /** The place of the option that the keys are at; -1 for none. */
  readonly active: number;
  readonly type: (text: string) => void;
  readonly toggle: (value: string) => void;
  readonly press: (event: KeyboardEvent) => void;
  readonly point: (place: number) => void;
  readonly pop: () => void;
};

/** The behaviour of a picker, without its looks. */
export function usePicker(props: PickerProps): PickerState {
  const { options, chosen, max, onText, onChange, isInline = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [popped, setPopped] = useState(false);
  const [text, setText] = useState("");
  const [active, setActive] = useState(-1);
  const open = popped || isInline;
  const found = options.filter((option) => matches(option, text));
  useLeaving(box, popped, () => setPopped(false));

  function type(next: string): void {
    setText(next);
    // What is typed may itself be meant.
    setActive(onText !== undefined || next === "" ? -1 : 0);
    onText?.(next);
  }

  function toggle(value: string): void {
    const isChosen = chosen.includes(value);
    if (!isChosen && chosen.length >= max && max > 1) return;
    const others = max === 1 ? [] : chosen.filter((one) => one !== value);
    onChange(isChosen ? others : [...others, value]);
    if (text !== "") type("");
    if (max === 1) setPopped(false);
    input.current?.focus();
  }

  function enter(event: KeyboardEvent): void {
    const current = open ? found[active] : undefined;
    if (current === undefined && (onText === undefined || text === "")) return;
    event.preventDefault();
    if (current === undefined) {
      if (chosen.includes(text)) type("");
      else toggle(text);
    } else if (!current.isDisabled) toggle(current.value);
  }

  function press(event: KeyboardEvent): void {
    const step = stepOf(event.key, open ? active : -1, found.length);
    if (step !== undefined) {
      event.preventDefault();
      setActive(step);
      setPopped(true);
    } else if (event.key === "Enter") enter(event);
    else if (event.key === "Escape" && (popped || text !== "")) {
      event.stopPropagation();
      setPopped(false);
      if (!popped || isInline) type("");
    } else if (event.key === "Backspace" && text === "" && chosen.length > 0) onChange(chosen.slice(0, -1));
  }

  return { box, input, open, text, found, active, type, toggle, press, point: setActive, pop: () => setPopped(true) };
}

/** Calls when one goes elsewhere, by pointer or keyboard. */
function useLeaving(box: RefObject<HTMLElement | null>, isOpen: boolean, onLeave: () => void): void {
  const leave = useRef(onLeave);
  leave.current = onLeave;
  useEffect(() => {
    if (!isOpen) return;
    function outside(event: Event): void {
      if (!box.current?.contains(event.target as Node)) leave.current();
    }
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [isOpen, box]);
}

function matches({ value, title }: Option, text: string): boolean {
  return `${value}\n${title}`.toLowerCase().includes(text.trim().toLowerCase());
}

function stepOf(key: string, active: number, count: number): number | undefined {
  if (count === 0) return undefined;
  if (key === "ArrowDown") return (active + 1) % count;
  if (key === "ArrowUp") return active <= 0 ? count - 1 : active - 1;
  if (key === "PageDown") return Math.min(count - 1, Math.max(0, active) + 10);
  if (key === "PageUp") return Math.max(0, active - 10);
  return undefined;
}
