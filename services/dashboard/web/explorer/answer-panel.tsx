import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useMemo } from "react";
import { datesText } from "../format/moment.ts";
import { titleOf } from "../format/names.ts";
import { Nothing } from "../panel/panel.tsx";
import { ProblemNote } from "../panel/problem-note.tsx";
import { useAsked, useWorkspace } from "../project/workspace.tsx";
import type { Question } from "../question/question.ts";
import type { Problem } from "../rpc/problem.ts";
import { everyTitle, parseEvery } from "../time/granularity.ts";
import { rangeTitle } from "../time/range.ts";
import { AnswerActions } from "./answer-actions.tsx";
import { AnswerFacts } from "./answer-facts.tsx";
import { limitOf, questionOf } from "./asked.ts";
import { BarsLook } from "./bars-look.tsx";
import { type Exploration, type Look, lookOf } from "./exploration.ts";
import { LookSwitch } from "./look-switch.tsx";
import { NumberLook } from "./number-look.tsx";
import { SeriesLook } from "./series-look.tsx";
import { TableLook } from "./table-look.tsx";
import { withoutFuture } from "./tuples.ts";
import { useLiveAnswer } from "./use-live-answer.ts";

/** Changes what is asked. */
export type Change = (change: (exploration: Exploration) => Exploration) => void;

/** What was asked in words, and the answer. */
export function AnswerPanel({
  exploration,
  onChange,
}: {
  readonly exploration: Exploration;
  readonly onChange: Change;
}): ReactNode {
  const { every, view } = useWorkspace();
  const asked = useAsked();
  const question = useMemo(() => questionOf(exploration, asked, every), [exploration, asked, every]);
  const { result, problem, isOld, isLive } = useLiveAnswer(question);
  const look = lookOf(exploration);
  const title = [wordsOf(exploration.metrics), wordsOf(exploration.dimensions)]
    .filter((text) => text !== "")
    .join(" by ");
  return (
    <section className="panel answer" aria-label="Answer">
      <header className="answer-head">
        <div>
          <h2 className="answer-title">{title.charAt(0).toUpperCase() + title.slice(1)}</h2>
          <p className="quiet">
            {rangeTitle(view.range, datesText)}
            {question.every && `, by ${everyTitle(question.every).toLowerCase()}`}
          </p>
        </div>
        <AnswerActions question={question} result={result} />
      </header>
      <LookSwitch exploration={exploration} onChange={onChange} />
      <div className={`answer-body ${isOld ? "panel-old" : ""}`}>
        {problem !== undefined ? (
          <ProblemWithWay problem={problem} />
        ) : result === undefined ? (
          <div className="skeleton answer-skeleton" />
        ) : result.rows.length === 0 ? (
          <Nothing>Nothing in this time.</Nothing>
        ) : (
          <Answer look={look} question={question} result={result} onChange={onChange} />
        )}
      </div>
      {result !== undefined && problem === undefined && (
        <AnswerFacts
          result={result}
          isLive={isLive}
          limit={limitOf(exploration)}
          isFair={look === "number" || look === "series"}
        />
      )}
    </section>
  );
}

function Answer(props: {
  readonly look: Look;
  readonly question: Question;
  readonly result: Result;
  readonly onChange: Change;
}): ReactNode {
  const { look, question, result, onChange } = props;
  switch (look) {
    case "series":
      return <SeriesLook question={question} result={result} />;
    case "bars":
      return <BarsLook question={question} result={result} />;
    case "table":
      return (
        <TableLook
          question={question}
          result={withoutFuture(result, Date.now())}
          onSort={(order) => onChange((before) => ({ ...before, order }))}
        />
      );
    case "number":
      return <NumberLook question={question} result={result} />;
  }
}

/** What went wrong, and where there is a way out, a button that takes it. */
function ProblemWithWay({ problem }: { readonly problem: Problem }): ReactNode {
  const { change } = useWorkspace();
  const finest = parseEvery(problem.finest ?? "");
  return (
    <div role="alert">
      <ProblemNote problem={problem} isOpen />
      {problem.reason === "GRANULARITY_NOT_KEPT" && finest !== undefined && (
        <button
          type="button"
          className="button button-main"
          onClick={() => change((before) => ({ ...before, every: finest }))}
        >
          Show by {everyTitle(finest).toLowerCase()}
        </button>
      )}
    </div>
  );
}

function wordsOf(names: readonly string[]): string {
  const titles = names.map((name) => titleOf(name).toLowerCase());
  return titles.length < 2 ? titles.join("") : `${titles.slice(0, -1).join(", ")} and ${titles.at(-1)}`;
}
