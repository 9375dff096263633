import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";

/**
 * What an attempt's failure means for its events.
 *
 * - `retry`: the server is away, stopping or full; send again.
 * - `blocked`: the credential or the address is wrong; no event is at fault, and nothing helps before a person does.
 * - `refused`: the server judged what was sent, and will not take it.
 */
export type Verdict = {
  readonly kind: "retry" | "blocked" | "refused";
  /** Why, as Millrace names it, or else the code of the call. */
  readonly reason: string;
  /** Why, for people. */
  readonly message: string;
  /** For how long the server asks not to be called, in milliseconds. */
  readonly retryAfterMs: number;
};

/** Codes by which a server judges a call itself, where it says a reason. */
const JUDGING: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.OutOfRange,
  Code.FailedPrecondition,
  Code.AlreadyExists,
]);
const DELAY_MS_MAX = 10 * 60_000;

/**
 * Judges a failure. Only Millrace's own word, which carries an ErrorInfo, is final for events: what a proxy or the HTTP/2
 * library makes of a refused stream has codes such as `internal`, `canceled` or `aborted`, and is tried again.
 */
export function judge(thrown: unknown, nowMs: number): Verdict {
  const error = ConnectError.from(thrown);
  const [info] = error.findDetails(ErrorInfoSchema);
  const verdict = { reason: info?.reason ?? Code[error.code], message: messageOf(error), retryAfterMs: 0 };
  if (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied) {
    return { ...verdict, kind: "blocked" };
  }
  // No such method or project: this is not the server that was meant.
  if (error.code === Code.Unimplemented || error.code === Code.NotFound) return { ...verdict, kind: "blocked" };
  if (info !== undefined && JUDGING.has(error.code)) return { ...verdict, kind: "refused" };
  return { ...verdict, kind: "retry", retryAfterMs: retryAfterMs(error, nowMs) };
}

/** What went wrong, for people. `fetch` says it in the cause of the cause. */
function messageOf(error: ConnectError): string {
  const { cause } = error;
  if (!(cause instanceof TypeError) || !(cause.cause instanceof Error)) return error.rawMessage;
  const { message, code = "" } = cause.cause as NodeJS.ErrnoException;
  return `${error.rawMessage}: ${message || code}`;
}

/** The longer of RetryInfo and Retry-After, bounded; 0 where there is neither. */
export function retryAfterMs(error: ConnectError, nowMs: number): number {
  const [retry] = error.findDetails(RetryInfoSchema);
  const delay = retry?.retryDelay;
  const infoMs = delay === undefined ? 0 : Number(delay.seconds) * 1000 + delay.nanos / 1e6;
  return Math.min(DELAY_MS_MAX, Math.max(0, infoMs, headerMs(error.metadata, nowMs)));
}

/** Retry-After has seconds or a moment; a moment is by the clock of who says it, which `Date` tells. */
function headerMs(headers: Headers, nowMs: number): number {
  const value = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const sentMs = Date.parse(headers.get("date") ?? "");
  const delayMs = Date.parse(value) - (Number.isNaN(sentMs) ? nowMs : sentMs);
  return Number.isNaN(delayMs) ? 0 : delayMs;
}
