import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useEffect, useState } from "react";
import { CopyItems } from "../copy/copy-items.tsx";
import { downloadAnswer } from "../copy/download-answer.ts";
import { exploreSearch } from "../explorer/explore-search.ts";
import { titleOf } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { ROWS_MAX } from "../question/every-page.ts";
import type { Question } from "../question/question.ts";
import { Link } from "../url/link.tsx";

/** What can be done with what a panel shows: take it away as CSV, or take the question elsewhere. */
export function PanelMenu(props: {
  readonly title: string;
  readonly question: Question;
  readonly result: Result | undefined;
}): ReactNode {
  const { question, result } = props;
  const { view } = useWorkspace();
  const [said, setSaid] = useState<string | undefined>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <Dropdown
      label={said === undefined ? <Icon name="more" /> : <Icon name="check" />}
      title={said ?? `More about ${props.title}`}
      className="button button-bare button-small button-icon"
      align="right"
    >
      {(close) => (
        <>
          <ul className="menu">
            <li>
              <Link path="/explore" search={exploreSearch(view, question)} className="menu-item">
                Explore
              </Link>
            </li>
            <li>
              <button
                type="button"
                className="menu-item"
                disabled={result === undefined}
                onClick={async () => {
                  close();
                  setSaid(await downloadAnswer(question, `Downloaded the first ${numberText(ROWS_MAX)} rows`));
                }}
              >
                Download CSV
              </button>
            </li>
            <CopyItems
              question={question}
              onDone={(how) => {
                setSaid(how);
                close();
              }}
            />
          </ul>
          <Notices result={result} />
        </>
      )}
    </Dropdown>
  );
}

/** What a reader should know about an answer, such as since when it is counted. */
function Notices({ result }: { readonly result: Result | undefined }): ReactNode {
  const estimates = result?.columns.filter(({ exact, role }) => !exact && role === Role.METRIC) ?? [];
  const notices = [
    ...estimates.map(({ name, relativeError }) => {
      const error = numberText(relativeError, { unit: "%" });
      return `${titleOf(name)} is estimated where there are many: the usual error is ${error}.`;
    }),
    ...(result?.notices ?? []),
  ];
  if (notices.length === 0) return null;
  return (
    <>
      <hr className="menu-line" />
      <ul className="menu menu-notes">
        {notices.map((notice) => (
          <li key={notice}>{notice}</li>
        ))}
      </ul>
    </>
  );
}
