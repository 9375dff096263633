import type { ReactNode } from "react";
import { metricsOf } from "../answer/value.ts";
import { numberText } from "../format/number.ts";
import { useWorkspace } from "../project/workspace.tsx";
import { queryOf } from "../question/question.ts";
import { useAnswer } from "../question/use-answer.ts";
import { useIsOver } from "../time/use-minute.ts";
import { useConnection } from "./connection.ts";
import { useWatch } from "./use-watch.ts";

const MINUTES = 5;

/**
 * How many are here now: who was seen in the last five minutes. Asked again when the page's watch has news; where what is
 * looked at is over, and has no watch, it has the watch itself.
 */
export function Online({ metric }: { readonly metric: string }): ReactNode {
  const { project, zone, view } = useWorkspace();
  const isOver = useIsOver(view.range, zone);
  const { lost } = useConnection();
  const query = queryOf(
    { project: project.projectId, metrics: [metric], range: { kind: "last", count: MINUTES, unit: "m" }, zone },
    0,
  );
  const asked = useAnswer(isOver ? undefined : query, "online");
  const watched = useWatch(isOver ? query : undefined);
  const { result } = isOver ? watched : asked;
  const count = result && metricsOf(result, result.rows[0])[metric];
  if (count === undefined || count === null) return <span className="online skeleton online-skeleton" />;
  return (
    <span className={`online ${lost ? "online-lost" : ""}`} title={`${metric} of the last ${MINUTES} minutes`}>
      <span className={`online-dot ${count > 0 && !lost ? "online-on" : ""}`} />
      <span className="number">{numberText(count)}</span> <span className="online-word">online now</span>
    </span>
  );
}
