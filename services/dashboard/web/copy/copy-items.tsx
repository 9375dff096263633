import type { ReactNode } from "react";
import type { Question } from "../question/question.ts";
import { copyText } from "./clipboard.ts";
import { copiesOf } from "./copies.ts";

/** The items of a menu that copy a question as a line or a program; `onDone` is told how it went, in words. */
export function CopyItems(props: { readonly question: Question; readonly onDone: (said: string) => void }): ReactNode {
  return copiesOf(props.question).map(({ name, text }) => (
    <li key={name}>
      <button
        type="button"
        className="menu-item"
        onClick={async () => props.onDone((await copyText(text())) ? "Copied" : "Could not copy")}
      >
        {name}
      </button>
    </li>
  ));
}
