import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";

/** What went wrong with a call, in words, and what to make of it. */
export type Problem = {
  /**
   * - `away`: the server can not be reached, or not now; asking again helps.
   * - `session`: nobody is signed in any more.
   * - `notKept`: no rollup answers this combination; `command` makes one that would.
   * - `refused`: the question is wrong, or too much; asking again does not help.
   */
  readonly kind: "away" | "session" | "notKept" | "refused";
  readonly title: string;
  readonly detail: string;
  /** The reason as docs/errors.md lists it; absent where the server said none. */
  readonly reason?: string;
  readonly command?: string;
  /** The finest width of buckets that is kept for the range, where a finer one was asked for. */
  readonly finest?: string;
  readonly retryAfterMs?: number;
};

const DOMAIN = "millrace.dev";
const SESSION_REASONS = ["SESSION_INVALID", "CREDENTIAL_MISSING", "CREDENTIAL_UNKNOWN", "CREDENTIAL_REVOKED"];

const TITLES: Readonly<Record<string, string>> = {
  ROLLUP_MISSING: "Not kept in this combination",
  GRANULARITY_NOT_KEPT: "Not kept this finely for so long",
  METRIC_UNKNOWN: "No such metric",
  DIMENSION_UNKNOWN: "No such dimension",
  TIME_RANGE_INVALID: "This time range can't be asked for",
  RESULT_TOO_LARGE: "Too much for one answer",
  PROJECT_NOT_FOUND: "No such project",
  LIMIT_REACHED: "The server has as many readers as it takes",
  OVERLOADED: "The server has too much to do",
  DRAINING: "The server is restarting",
};

/** Makes a problem of whatever a call threw. */
export function problemOf(error: unknown): Problem {
  const failure = ConnectError.from(error);
  const info = failure.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  const reason = info?.reason;
  const command = info?.metadata["command"];
  const finest = info?.metadata["finest"];
  const delay = failure.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const kind = kindOf(failure.code, reason);
  return {
    kind,
    title: titleOf(kind, reason),
    detail: info === undefined && kind === "away" ? "The server does not answer." : sentence(failure.rawMessage),
    ...(reason && { reason }),
    ...(command && { command }),
    ...(finest && { finest }),
    ...(delay && { retryAfterMs: Number(delay.seconds) * 1_000 + delay.nanos / 1e6 }),
  };
}

function kindOf(code: Code, reason: string | undefined): Problem["kind"] {
  if (reason === "ROLLUP_MISSING") return "notKept";
  if (code === Code.Unauthenticated || (reason !== undefined && SESSION_REASONS.includes(reason))) return "session";
  if (reason === "LIMIT_REACHED" || reason === "OVERLOADED") return "away";
  // Without a reason of ours it was no server of ours that answered, or none at all.
  if (reason === undefined && code !== Code.NotFound && code !== Code.Unimplemented) return "away";
  const mayPass = [Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Aborted, Code.Internal];
  return mayPass.includes(code) ? "away" : "refused";
}

function titleOf(kind: Problem["kind"], reason: string | undefined): string {
  const title = reason === undefined ? undefined : TITLES[reason];
  if (title !== undefined) return title;
  if (kind === "session") return "The session has ended";
  return kind === "away" ? "No answer from the server" : "This can't be answered";
}

/** The server's words as a sentence, without the field of the request that it names before them. */
function sentence(message: string): string {
  const text = message.replace(/^query\.[\w.[\]]+: /, "");
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
