import type { TailResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import type { TailedEvent } from "@millrace/api/millrace/reporting/v1/tail_pb";

/** Events, newest first; undefined until the first message of a tail is there. */
export type EventList = {
  readonly events: readonly { readonly key: number; readonly event: TailedEvent }[] | undefined;
  /** How many were left out because there were too many. */
  readonly skipped: number;
  readonly nextKey: number;
  /** The next message is the first of a tail that was opened anew: it brings again what is there already. */
  readonly isFresh: boolean;
};

/** What happens to a list: a tail begins, or brings a message; or what was there before would have come by now. */
export type EventListAction =
  | { readonly kind: "begin" }
  | { readonly kind: "settled" }
  | { readonly kind: "message"; readonly message: TailResponse };

/** No tail yet. */
export const NO_EVENTS: EventList = { events: undefined, skipped: 0, nextKey: 0, isFresh: true };

const KEPT = 50;

/** The list after what happened. */
export function addEvents(list: EventList, action: EventListAction): EventList {
  if (action.kind === "begin") return { ...list, isFresh: true };
  if (action.kind === "settled") return { ...list, events: list.events ?? [] };
  const { events, skippedCount } = action.message;
  // The first message only says that the tail is open; what was there before comes with the next.
  if (list.isFresh && events.length === 0) return list;
  const added = events.map((event, place) => ({ key: list.nextKey + place, event })).toReversed();
  return {
    events: [...added, ...(list.isFresh ? [] : (list.events ?? []))].slice(0, KEPT),
    skipped: (list.isFresh ? 0 : list.skipped) + Number(skippedCount),
    nextKey: list.nextKey + events.length,
    isFresh: false,
  };
}
