import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { TailResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { type TailedEvent, TailedEvent_Verdict as Verdict } from "@millrace/api/millrace/reporting/v1/tail_pb";
import { type ReactNode, useEffect, useReducer, useRef, useState } from "react";
import { clockText, dayText } from "../format/moment.ts";
import { plainText } from "../format/names.ts";
import { numberText } from "../format/number.ts";
import { Icon } from "../menu/icons.tsx";
import { Nothing, Panel } from "../panel/panel.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { filterOf } from "../question/filter.ts";
import type { Problem } from "../rpc/problem.ts";
import { reporting } from "../rpc/transport.ts";
import { endSession } from "../session/session.ts";
import { TableSkeleton } from "../table/bar-table.tsx";
import { addEvents, NO_EVENTS } from "./event-list.ts";
import { eventDetail, personOf } from "./event-text.ts";
import { runStream } from "./run-stream.ts";
import { useInSight, usePageVisible } from "./visibility.ts";

const RECENT = 30;
const PER_SECOND = 10;
const SETTLED_MS = 800;
const OLD_MS = 12 * 3_600_000;

/** Events as they arrive, newest first. The stream is open only while the list can be seen and is not paused. */
export function LastEvents(): ReactNode {
  const { project, zone, view } = useWorkspace();
  const { filters } = view;
  const projectId = project.projectId;
  const place = useRef<HTMLDivElement>(null);
  const inSight = useInSight(place);
  const visible = usePageVisible();
  const [paused, setPaused] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>();
  const [list, add] = useReducer(addEvents, NO_EVENTS);
  const isOpen = inSight && visible && !paused;

  useEffect(() => {
    if (!isOpen) return;
    const abort = new AbortController();
    const settling = setTimeout(() => add({ kind: "settled" }), SETTLED_MS);
    setProblem(undefined);
    void runStream<TailResponse>({
      open: (signal) => {
        add({ kind: "begin" });
        const filter = filterOf(filters);
        return reporting.tail(
          { projectId, maskIds: true, recentCount: RECENT, maxEventsPerSecond: PER_SECOND, ...(filter && { filter }) },
          { signal },
        );
      },
      signal: abort.signal,
      onMessage: (message) => add({ kind: "message", message }),
      onEnd: (end) => (end.kind === "session" ? endSession() : setProblem(end)),
    });
    return () => {
      clearTimeout(settling);
      abort.abort();
    };
  }, [isOpen, projectId, filters]);

  return (
    <div ref={place} className="wide">
      <Panel
        title="Last events"
        problem={problem}
        actions={
          <>
            {list.skipped > 0 && !paused && (
              <span className="quiet">{numberText(list.skipped, { compact: true })} more not shown</span>
            )}
            <button
              type="button"
              className="button button-bare button-small"
              aria-pressed={paused}
              onClick={() => setPaused(!paused)}
            >
              <Icon name={paused ? "play" : "pause"} size={14} /> {paused ? "Go on" : "Pause"}
            </button>
          </>
        }
      >
        {list.events === undefined ? (
          <TableSkeleton rows={8} />
        ) : list.events.length === 0 ? (
          <Nothing>No event has arrived just now. The next one shows here.</Nothing>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          <ol className="events" aria-label="Last events, newest first" tabIndex={0}>
            {list.events.map(({ key, event }) => (
              <EventLine key={key} tailed={event} zone={zone} />
            ))}
          </ol>
        )}
      </Panel>
    </div>
  );
}

function EventLine({ tailed, zone }: { readonly tailed: TailedEvent; readonly zone: string }): ReactNode {
  const { event, verdict, derived } = tailed;
  if (event === undefined) return null;
  const { main, more } = eventDetail(event, derived);
  const said = VERDICTS[verdict];
  return (
    <li className="event">
      <time className="number quiet">{timeText(tailed, zone)}</time>
      <span className="event-name">{plainText(event.name)}</span>
      <span className="event-main" title={main}>
        {main}
      </span>
      <span className="event-more" title={more}>
        {said !== undefined && <span className="tag">{said}</span>}
        {derived["bot"] === "true" && <span className="tag">bot</span>} {more}
      </span>
      <span className="event-person quiet" title="A pseudonym, another one each time">
        {personOf(event)}
      </span>
    </li>
  );
}

/** The time of day, or the day of what arrived long after it happened. */
function timeText({ event, receiveTime }: TailedEvent, zone: string): string {
  if (event?.time === undefined) return "";
  const timeMs = timestampMs(event.time);
  const isOld = receiveTime !== undefined && timestampMs(receiveTime) - timeMs > OLD_MS;
  return isOld ? dayText(timeMs, zone) : clockText(timeMs, zone);
}

/** What became of an event, where it is not counted. */
const VERDICTS: Readonly<Partial<Record<Verdict, string>>> = {
  [Verdict.DUPLICATE]: "duplicate",
  [Verdict.LATE]: "late",
  [Verdict.DEAD_LETTERED]: "not readable",
};
