import { create, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import type { QuerySchema, Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { WatchRequestSchema, type WatchResponse } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { useEffect, useRef, useState } from "react";
import { applyChange } from "../answer/apply-change.ts";
import type { Problem } from "../rpc/problem.ts";
import { reporting } from "../rpc/transport.ts";
import { endSession } from "../session/session.ts";
import { runStream } from "./run-stream.ts";
import { usePageVisible } from "./visibility.ts";

/** What a watch knows: the newest answer, or why there is none. */
export type Watched = {
  readonly result: Result | undefined;
  /** The answer is to the question before, until the first to this one is there. */
  readonly isOld: boolean;
  readonly problem: Problem | undefined;
};

/**
 * What a message brought: the whole answer, of a watch that was opened at a moment (epoch milliseconds); rows that
 * changed; or only how far the answer reaches.
 */
export type WatchNews =
  | { readonly kind: "whole"; readonly openedMs: number }
  | { readonly kind: "rows" }
  | { readonly kind: "watermark" };

/** The watermark of an answer moves on, of days at least every minute. A laptop that slept does not learn that it was cut off. */
const SILENCE_MS = 120_000;

const NOTHING: Watched = { result: undefined, isOld: false, problem: undefined };

/**
 * Answers a question, again and again as the answer changes, for as long as the page can be seen. The stream takes one
 * of the few connections that a browser opens to a server: a page has one such watch, and asks again what else it shows
 * when `onNews` is called.
 *
 * @param query the question; undefined for none
 */
export function useWatch(
  query: MessageInitShape<typeof QuerySchema> | undefined,
  onNews?: (news: WatchNews) => void,
): Watched {
  const visible = usePageVisible();
  const [watched, setWatched] = useState<Watched>(NOTHING);
  const news = useRef(onNews);
  news.current = onNews;
  const request = query === undefined ? undefined : create(WatchRequestSchema, { query });
  const key = request === undefined ? undefined : toJsonString(WatchRequestSchema, request);
  const asked = useRef(request);
  asked.current = request;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the question
  useEffect(() => {
    setWatched(({ result }) => ({ result, isOld: true, problem: undefined }));
  }, [key]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the question
  useEffect(() => {
    const question = asked.current;
    if (question === undefined || !visible) return;
    const abort = new AbortController();
    let result: Result | undefined;
    let openedMs = 0;
    void runStream<WatchResponse>({
      open(signal) {
        openedMs = Date.now();
        return reporting.watch(question, { signal });
      },
      signal: abort.signal,
      silenceMs: SILENCE_MS,
      onMessage({ kind }) {
        if (kind.case === "whole") result = kind.value;
        else if (kind.case === "change" && result !== undefined) {
          result = applyChange(result, kind.value, question.query?.orderBy);
        }
        setWatched({ result, isOld: false, problem: undefined });
        const hasRows =
          kind.case === "change" && (kind.value.changedRows.length > 0 || kind.value.removedRows.length > 0);
        news.current?.(kind.case === "whole" ? { kind: "whole", openedMs } : { kind: hasRows ? "rows" : "watermark" });
      },
      onEnd(problem) {
        if (problem.kind === "session") endSession();
        else setWatched({ result: undefined, isOld: false, problem });
      },
    });
    return () => abort.abort();
  }, [key, visible]);

  return watched;
}
