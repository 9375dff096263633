import { setTimeout as delay } from "node:timers/promises";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { timeoutMsOf, writeTimeout } from "../../server/deadline.ts";
import { RetryBudget } from "./retry-budget.ts";

const ATTEMPTS_MAX = 4;
const PAUSE_MS_FIRST = 50;
const PAUSE_MS_MAX = 1_000;

/** What repetitions need. */
export type RetryOptions = {
  /** Milliseconds of any steady clock. */
  readonly now?: () => number;
  /** Gives numbers in [0, 1). */
  readonly random?: () => number;
};

/**
 * Repeats unary calls where that is safe: those of a method without side effects, or idempotent, that were answered
 * `unavailable`; and any that the other side refused without having seen it (REFUSED_STREAM). At most 4 attempts, with
 * pauses of full jitter from 50 ms, within the call's deadline and a budget. Each attempt tells the time that is left.
 */
export function retryCalls({ now = () => performance.now(), random = Math.random }: RetryOptions = {}): Interceptor {
  const budget = new RetryBudget();
  return (next) => async (request) => {
    if (request.stream) return next(request);
    const startMs = now();
    const timeoutMs = timeoutMsOf(request.header);
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await next(request);
        budget.succeeded();
        return response;
      } catch (thrown) {
        const error = withItsCode(ConnectError.from(thrown));
        if (error.code !== Code.Unavailable) throw error;
        if (!budget.failed() || attempt === ATTEMPTS_MAX || !isRepeatable(request, error)) throw error;
        const pauseMs = random() * Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** (attempt - 1));
        const leftMs = timeoutMs === undefined ? undefined : timeoutMs - (now() - startMs) - pauseMs;
        if (leftMs !== undefined && leftMs <= 0) throw error;
        // Only the signal rejects it, which is looked at next.
        await delay(pauseMs, undefined, { signal: request.signal }).catch(() => {});
        if (request.signal.aborted) throw error;
        if (leftMs !== undefined) writeTimeout(request.header, leftMs);
      }
    }
  };
}

function isRepeatable({ method }: UnaryRequest, error: ConnectError): boolean {
  const { idempotency } = method;
  if (idempotency === Idempotency.NO_SIDE_EFFECTS || idempotency === Idempotency.IDEMPOTENT) return true;
  return isRefusedStream(error);
}

const REFUSED =
  /^(?:http\/2 stream closed with error code REFUSED_STREAM|Stream closed with error code NGHTTP2_REFUSED_STREAM)/;

/** The transport says so in its own words, or in Node's; what a server says comes with details. */
function isRefusedStream(error: ConnectError): boolean {
  return error.details.length === 0 && REFUSED.test(error.rawMessage);
}

/** Node's words for a refused stream reach us as an internal error, which it is not. */
function withItsCode(error: ConnectError): ConnectError {
  if (error.code !== Code.Internal || !isRefusedStream(error)) return error;
  return new ConnectError(error.rawMessage, Code.Unavailable, undefined, undefined, error);
}
