import { type KeyboardEvent, type ReactNode, useRef } from "react";

/** One of several things to show in the same place; arrow keys go from one to the next. */
export function Tabs(props: {
  readonly label: string;
  readonly titles: readonly string[];
  readonly chosen: number;
  readonly onChoose: (place: number) => void;
}): ReactNode {
  const { titles, chosen, onChoose } = props;
  const list = useRef<HTMLDivElement>(null);
  function go(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = (chosen + step + titles.length) % titles.length;
    onChoose(next);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  }
  return (
    <div className="tabs" role="tablist" aria-label={props.label} ref={list}>
      {titles.map((title, place) => (
        <button
          key={title}
          type="button"
          role="tab"
          className="tab"
          aria-selected={place === chosen}
          tabIndex={place === chosen ? 0 : -1}
          onClick={() => onChoose(place)}
          onKeyDown={go}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
