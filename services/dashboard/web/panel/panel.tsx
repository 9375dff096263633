import type { ReactNode } from "react";
import type { Problem } from "../rpc/problem.ts";
import { ProblemNote } from "./problem-note.tsx";
import "./panel.css";

/** A part of the page with a heading, what can be done with it, and one of: content, a problem, nothing yet. */
export function Panel(props: {
  /** The heading; tabs take its place where there are several. */
  readonly title: string;
  readonly tabs?: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
  /** What went wrong, instead of the content. */
  readonly problem?: Problem | undefined;
  /** The content is of the question before: pale until the new one is there. */
  readonly isOld?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <section className={`panel ${props.className ?? ""}`} aria-label={props.title}>
      <header className="panel-head">
        {props.tabs || <h2>{props.title}</h2>}
        {props.actions && <div className="panel-actions">{props.actions}</div>}
      </header>
      <div className={`panel-body ${props.isOld ? "panel-old" : ""}`}>
        {props.problem === undefined ? props.children : <ProblemNote problem={props.problem} />}
      </div>
    </section>
  );
}

/** What a panel says that has nothing to show. */
export function Nothing({ children }: { readonly children: ReactNode }): ReactNode {
  return <p className="panel-nothing">{children}</p>;
}
