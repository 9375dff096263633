import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useEffect, useState } from "react";
import { copyText } from "../copy/clipboard.ts";
import { copiesOf } from "../copy/copies.ts";
import { csvFileName, csvText, downloadText } from "../copy/csv.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { everyPage, ROWS_MAX } from "../question/every-page.ts";
import { type Question, queryOf } from "../question/question.ts";
import { problemOf } from "../rpc/problem.ts";
import { reporting } from "../rpc/transport.ts";
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
    try {
      const whole = await everyPage(
        queryOf(question, Date.now()),
        async (query) => (await reporting.query({ query })).result!,
      );
      downloadText(csvText(withoutFuture(whole.result, Date.now())), csvFileName(question));
      setSaid(
        whole.isCut
          ? `The file has the first ${ROWS_MAX.toLocaleString()} rows. The command line gives all.`
          : "Downloaded",
      );
    } catch (error) {
      setSaid(problemOf(error).title);
    }
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
            {copiesOf(question).map(({ name, text }) => (
              <li key={name}>
                <button
                  type="button"
                  className="menu-item"
                  onClick={async () => {
                    setSaid((await copyText(text())) ? "Copied" : "Could not copy");
                    close();
                  }}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Dropdown>
    </div>
  );
}
