import type { ReactNode } from "react";
import { Icon } from "./icons.tsx";

/** A choice of the browser's own kind, which every device and assistant knows, in the look of a button. */
export function Select(props: {
  /** What is chosen, for those who can't see it. */
  readonly label: string;
  readonly value: string;
  readonly onChoose: (value: string) => void;
  /** Options, or groups of them. */
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span className="select">
      <select aria-label={props.label} value={props.value} onChange={({ target }) => props.onChoose(target.value)}>
        {props.children}
      </select>
      <Icon name="chevron" size={14} />
    </span>
  );
}
