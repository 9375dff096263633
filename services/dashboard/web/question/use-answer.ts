import { ConnectError } from "@connectrpc/connect";
import { createConnectQueryKey, skipToken, useQuery } from "@connectrpc/connect-query";
import type { Result } from "@millrace/api/millrace/reporting/v1/query_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { keepPreviousData, type QueryClient } from "@tanstack/react-query";
import { type Problem, problemOf } from "../rpc/problem.ts";
import type { QueryInit } from "./question.ts";

/** The answer to a question that is asked once, or again when something says so. */
export type Answered = {
  readonly result: Result | undefined;
  readonly problem: Problem | undefined;
  /** The answer is to the question before, until the one to this is there. */
  readonly isOld: boolean;
};

/**
 * How soon an answer is asked for again when there is news: key numbers first, tables after them, the number of those
 * online with time; `still` for what does not change.
 */
export type Freshness = "first" | "live" | "online" | "still";

/**
 * Asks a question.
 *
 * @param query undefined for none
 * @param freshness how soon it is asked for again
 */
export function useAnswer(query: QueryInit | undefined, freshness: Freshness = "live"): Answered {
  const { data, error, isPlaceholderData } = useQuery(
    ReportingService.method.query,
    query === undefined ? skipToken : { query },
    { placeholderData: keepPreviousData, meta: { freshness } },
  );
  const isAway = error !== null && problemOf(error).kind === "away";
  return {
    // What was shown stays while the server is away.
    result: query === undefined || (error !== null && !isAway) ? undefined : data?.result,
    problem: error === null || (isAway && data !== undefined) ? undefined : problemOf(ConnectError.from(error)),
    isOld: isPlaceholderData,
  };
}

/**
 * Asks again what is shown and is as fresh as this.
 *
 * @param beforeMs only what was answered before this moment, in epoch milliseconds; what is being asked is not asked twice
 */
export function askAgain(
  client: QueryClient,
  freshness: Freshness,
  beforeMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const queryKey = createConnectQueryKey({ schema: ReportingService.method.query, cardinality: "finite" });
  return client.invalidateQueries(
    {
      queryKey,
      predicate: ({ meta, state }) => meta?.["freshness"] === freshness && state.dataUpdatedAt < beforeMs,
    },
    { cancelRefetch: false },
  );
}
