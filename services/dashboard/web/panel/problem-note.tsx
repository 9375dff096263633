import type { ReactNode } from "react";
import { CopyButton } from "../copy/copy-button.tsx";
import type { Problem } from "../rpc/problem.ts";

/** Says in words why something is not shown, and what to do. */
export function ProblemNote(props: {
  readonly problem: Problem;
  /** Shows at once the line that helps. */
  readonly isOpen?: boolean;
}): ReactNode {
  const { problem, isOpen = false } = props;
  const { title, detail, command, reason } = problem;
  return (
    <div className="note">
      <p className="note-title">{title}</p>
      <p>{command === undefined ? detail : withoutCommand(detail, command)}</p>
      {command !== undefined && (
        <details open={isOpen}>
          <summary>Keep it from now on</summary>
          <div className="code">
            <CopyButton text={`npx ${command}`} className="button button-small">
              Copy
            </CopyButton>
            <pre>npx {command}</pre>
          </div>
        </details>
      )}
      {reason !== undefined && command === undefined && <p className="quiet">Reason: {reason}</p>}
    </div>
  );
}

/** The command stands by itself: the sentence need not repeat it. */
function withoutCommand(detail: string, command: string): string {
  const [first] = detail.split(";");
  return detail.includes(command) && first !== undefined ? `${first}.` : detail;
}
