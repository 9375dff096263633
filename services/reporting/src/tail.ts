import { setTimeout } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type TailRequest,
  type TailResponse,
  TailResponseSchema,
} from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "./dependencies.ts";
import { Places } from "./places.ts";
import { TailFeeds } from "./tail/tail-feed.ts";
import { TailedProject } from "./tail/tailed-project.ts";

/** Messages are at least this far apart. */
const PACE_MS = 100;

/** Processors have this long to answer with recent events, so that the newest of all are chosen. */
const GATHER_MS = 50;

/** An empty message is sent after so long without any: whoever waits, and what is between, sees that the tail lives. */
const SILENCE_MS = 15_000;

/** While nothing comes, it is looked this often. */
const LOOK_MS = 1_000;

/** ReportingService.Tail. */
export function createTail(deps: Dependencies) {
  const feeds = new TailFeeds(deps);
  const { tailsMax, tailsPerProjectMax } = deps.limits;
  const places = new Places("tails", { max: tailsMax, perProjectMax: tailsPerProjectMax });
  return async function* tail(request: TailRequest, context: HandlerContext) {
    const projectId = projectOf(getPrincipal(context), request.projectId);
    const tailed = new TailedProject(request, Math.random);
    const signal = AbortSignal.any([context.signal, deps.draining]);
    const release = places.take(projectId);
    deps.metrics.tailBegan();
    try {
      yield* messages(projectId, tailed, signal, feeds, deps);
    } catch (error) {
      // What the abort made others throw says less than its reason: the drain, the deadline, the caller.
      throw signal.aborted ? signal.reason : error;
    } finally {
      release();
      deps.metrics.tailEnded();
    }
  };
}

/** An empty message once everything that is processed is heard; then what was. The reader sets the pace. */
async function* messages(
  projectId: string,
  tailed: TailedProject,
  signal: AbortSignal,
  feeds: TailFeeds,
  deps: Dependencies,
): AsyncGenerator<TailResponse> {
  const feed = await feeds.listen(projectId, tailed);
  try {
    const { recentRequest: recent } = tailed;
    if (recent !== undefined) void feed.ask({ recent });
    yield create(TailResponseSchema, {});
    let sentMs = performance.now();
    if (recent !== undefined) await setTimeout(GATHER_MS, undefined, { signal });
    for (;;) {
      await tailed.bell.wait(LOOK_MS, signal);
      const isLong = performance.now() - sentMs >= SILENCE_MS;
      const message = tailed.take(performance.now()) ?? (isLong ? create(TailResponseSchema, {}) : undefined);
      if (message === undefined) continue;
      deps.metrics.tailSent(message.events.length, Number(message.skippedCount));
      yield message;
      sentMs = performance.now();
      await setTimeout(PACE_MS, undefined, { signal });
    }
  } finally {
    feed.remove(tailed);
  }
}
