import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useEffect, useState } from "react";
import { CopyItems } from "../copy/copy-items.tsx";
import { downloadAnswer } from "../copy/download-answer.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { ROWS_MAX } from "../question/every-page.ts";
import type { Question } from "../question/question.ts";
import { withoutFuture } from "./tuples.ts";

const SAID_MS = 4_000;

/** Takes the answer away as CSV, or the question to a terminal or a program. */
export function AnswerActions(props: { readonly question: Question; readonly result: Result | undefined }): ReactNode {
  const { question, result } = props;
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  async function download(): Promise<void> {
    const saidOfCut = `The file has the first ${ROWS_MAX.toLocaleString()} rows. The command line gives all.`;
    setSaid(await downloadAnswer(question, saidOfCut, (whole) => withoutFuture(whole, Date.now())));
  }

  return (
    <div className="answer-actions">
      <span className="said quiet" role="status">
        {said}
      </span>
      <button
        type="button"
        className="button button-small"
        disabled={result === undefined}
        title="All rows of the answer as CSV"
        onClick={() => void download()}
      >
        <Icon name="download" size={14} /> CSV
      </button>
      <Dropdown
        label={
          <>
            Copy as <Icon name="chevron" size={14} />
          </>
        }
        className="button button-small"
        align="right"
      >
        {(close) => (
          <ul className="menu">
            <CopyItems
              question={question}
              onDone={(how) => {
                setSaid(how);
                close();
              }}
            />
          </ul>
        )}
      </Dropdown>
    </div>
  );
}
