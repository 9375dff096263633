import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Failure, type FailureKind, REASONS, type Reason } from "@millrace/failure";
import { retryAfterMs } from "../send/verdict.ts";

const KINDS: Readonly<Partial<Record<Code, FailureKind>>> = {
  [Code.InvalidArgument]: "invalid",
  [Code.NotFound]: "notFound",
  [Code.AlreadyExists]: "exists",
  [Code.Aborted]: "unavailable",
  [Code.FailedPrecondition]: "precondition",
  [Code.OutOfRange]: "outOfRange",
  [Code.ResourceExhausted]: "exhausted",
  [Code.Unavailable]: "unavailable",
  [Code.Unauthenticated]: "unauthenticated",
  [Code.PermissionDenied]: "denied",
  [Code.Canceled]: "cancelled",
  [Code.DeadlineExceeded]: "deadline",
  [Code.DataLoss]: "corrupt",
  [Code.Unimplemented]: "unimplemented",
};
const REASONS_OF_KINDS: Readonly<Partial<Record<FailureKind, Reason>>> = {
  unavailable: "BACKEND_UNAVAILABLE",
  cancelled: "CANCELLED",
  deadline: "DEADLINE_EXCEEDED",
  unimplemented: "METHOD_UNKNOWN",
};

/**
 * What went wrong with a call, as the server said it.
 *
 * @param isCancelled whether the caller wanted the call to end: a connection that breaks ends calls with the same code
 */
export function failureOf(thrown: unknown, nowMs: number, isCancelled: boolean): Failure {
  if (thrown instanceof Failure) return thrown;
  const error = ConnectError.from(thrown);
  const [info] = error.findDetails(ErrorInfoSchema);
  // Without Millrace's own word, `internal` and `unknown` come from in between: the connection broke.
  const isCut = info === undefined && error.code === Code.Canceled && !isCancelled;
  const kind = isCut ? "unavailable" : (KINDS[error.code] ?? (info === undefined ? "unavailable" : "internal"));
  const reason = REASONS.find((name) => name === info?.reason) ?? REASONS_OF_KINDS[kind] ?? "INTERNAL";
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  const delayMs = retryAfterMs(error, nowMs);
  return new Failure(kind, reason, error.rawMessage, {
    cause: thrown,
    violations: violations.map(({ field, description }) => ({ field, description })),
    metadata: info?.metadata ?? {},
    ...(delayMs > 0 && { retryAfterMs: delayMs }),
  });
}
