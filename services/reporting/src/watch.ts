import { setTimeout } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Query, Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import {
  type WatchRequest,
  type WatchResponse,
  WatchResponseSchema,
} from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal, projectOf } from "@millrace/runtime";
import { inOwnTrace, within } from "@millrace/telemetry";
import type { Dependencies } from "./dependencies.ts";
import { Places } from "./places.ts";
import { Bell } from "./watch/bell.ts";
import { differenceOf } from "./watch/difference.ts";
import { ProjectFeeds } from "./watch/project-feed.ts";
import { WatchedAnswer } from "./watch/watched-answer.ts";

/** How often a watch looks whether it is time to answer again, where nothing tells it. */
const LOOK_MS = 200;

/** A change of the watermark alone is sent this often at most. */
const WATERMARK_MS = 1_000;

/** ReportingService.Watch. */
export function createWatch(deps: Dependencies) {
  const feeds = new ProjectFeeds(deps);
  const { watchesMax, watchesPerProjectMax } = deps.limits;
  const places = new Places("watches", { max: watchesMax, perProjectMax: watchesPerProjectMax });
  return async function* watch(request: WatchRequest, context: HandlerContext) {
    const query = request.query!;
    const projectId = projectOf(getPrincipal(context), query.projectId);
    if (query.pageToken !== "") throw Failure.invalidField("query.page_token", "a watch begins with the first page");
    const signal = AbortSignal.any([context.signal, deps.draining]);
    const release = places.take(projectId);
    deps.metrics.watchBegan();
    try {
      yield* messages(projectId, query, signal, feeds, deps);
    } catch (error) {
      // What the abort made others throw says less than its reason: the drain, the deadline, the caller.
      throw signal.aborted ? signal.reason : error;
    } finally {
      release();
      deps.metrics.watchEnded();
    }
  };
}

/**
 * The whole answer, then what changes it. The reader sets the pace: while it has not taken a message no other is made,
 * and the next says everything that has changed meanwhile.
 */
async function* messages(
  projectId: string,
  query: Query,
  signal: AbortSignal,
  feeds: ProjectFeeds,
  deps: Dependencies,
): AsyncGenerator<WatchResponse> {
  const watched = new WatchedAnswer(projectId, query, deps);
  const bell = new Bell();
  const listener = {
    changed(key: Parameters<WatchedAnswer["blockStored"]>[0]) {
      if (watched.blockStored(key)) bell.ring();
    },
    missed() {
      watched.missed();
      bell.ring();
    },
  };
  // Changes first, then the answer: nothing can fall between them.
  const feed = await feeds.listen(projectId, listener);
  try {
    let sent: Result | undefined;
    let sentMs = 0;
    for (;;) {
      if (watched.stale) {
        const { result } = await inOwnTrace(deps.tracer, "reporting watch answer", () =>
          deps.metrics.measured(query, "watch", () => watched.refresh(signal)),
        );
        deps.metrics.answeredAgain(watched.costMs / 1_000);
        const message = messageFor(sent, result, performance.now() - sentMs >= WATERMARK_MS);
        if (message !== undefined) {
          yield message;
          sent = result;
          sentMs = performance.now();
        }
      }
      await bell.wait(LOOK_MS, signal);
      // Looks are many and tell nothing of a trace.
      await within(undefined, () => watched.look(feed.heard, signal));
      if (watched.stale) await setTimeout(watched.restMs, undefined, { signal });
    }
  } finally {
    feed.remove(listener);
  }
}

/** What a watcher that has `sent` is told; undefined for nothing. */
function messageFor(sent: Result | undefined, result: Result, tellsWatermark: boolean): WatchResponse | undefined {
  const change = sent && differenceOf(sent, result);
  if (change === undefined) return create(WatchResponseSchema, { kind: { case: "whole", value: result } });
  const hasRows = change.changedRows.length > 0 || change.removedRows.length > 0;
  const hasMoved = sent?.watermark?.seconds !== result.watermark?.seconds;
  if (!hasRows && !(hasMoved && tellsWatermark)) return undefined;
  return create(WatchResponseSchema, { kind: { case: "change", value: change } });
}
