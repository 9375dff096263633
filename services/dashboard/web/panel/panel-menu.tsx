import { type Result, Column_Role as Role } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type ReactNode, useEffect, useState } from "react";
import { cliText } from "../copy/cli.ts";
import { copyText } from "../copy/clipboard.ts";
import { csvText, downloadText } from "../copy/csv.ts";
import { curlText } from "../copy/curl.ts";
import { sdkText } from "../copy/sdk.ts";
import { titleOf } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import type { Question } from "../question/question.ts";

/** What can be done with what a panel shows: take it away as CSV, or take the question elsewhere. */
export function PanelMenu(props: {
  readonly title: string;
  readonly question: Question;
  readonly result: Result | undefined;
}): ReactNode {
  const { question, result } = props;
  const [said, setSaid] = useState<string | undefined>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copies: readonly (readonly [string, () => string])[] = [
    ["Copy as curl", () => curlText(question, location.origin, Date.now())],
    ["Copy as command line", () => cliText(question, Date.now())],
    ["Copy as TypeScript", () => sdkText(question, location.origin, Date.now())],
  ];
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
              <button
                type="button"
                className="menu-item"
                disabled={result === undefined}
                onClick={() => {
                  if (result !== undefined) downloadText(csvText(result), fileName(question));
                  close();
                }}
              >
                Download CSV
              </button>
            </li>
            {copies.map(([title, text]) => (
              <li key={title}>
                <button
                  type="button"
                  className="menu-item"
                  onClick={async () => {
                    setSaid((await copyText(text())) ? "Copied" : "Could not copy");
                    close();
                  }}
                >
                  {title}
                </button>
              </li>
            ))}
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

function fileName({ project, metrics, dimensions = [], every }: Question): string {
  const parts = [project, ...metrics.slice(0, 3), ...dimensions, ...(every === undefined ? [] : [every])];
  return `${parts.join("-").replaceAll(/[^A-Za-z0-9_.-]/g, "_")}.csv`;
}
