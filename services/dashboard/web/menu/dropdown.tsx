import { type ReactNode, useEffect, useRef, useState } from "react";
import "./menu.css";

/** A button that opens something beside it, which Escape, a click elsewhere or leaving it by keyboard closes. */
export function Dropdown(props: {
  /** What stands on the button. */
  readonly label: ReactNode;
  /** What the button is, for those who can't see it; absent where the label says it. */
  readonly title?: string;
  readonly className?: string;
  readonly align?: "left" | "right";
  readonly children: (close: () => void) => ReactNode;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    function outside(event: Event): void {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    }
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes what is open, wherever the focus is in it
    <div
      className="dropdown"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        type="button"
        ref={button}
        className={props.className ?? "button"}
        aria-expanded={open}
        aria-label={props.title}
        onClick={() => setOpen(!open)}
      >
        {props.label}
      </button>
      {open && <div className={`popover popover-${props.align ?? "left"}`}>{props.children(close)}</div>}
    </div>
  );
}
