import { Code } from "@connectrpc/connect";
import type { FailureKind } from "@millrace/failure";

/** The Connect code by which a kind of failure leaves a service: the only place that decides it. */
export function codeOf(kind: FailureKind): Code {
  switch (kind) {
    case "invalid":
      return Code.InvalidArgument;
    case "notFound":
      return Code.NotFound;
    case "exists":
      return Code.AlreadyExists;
    case "stale":
      return Code.Aborted;
    case "precondition":
      return Code.FailedPrecondition;
    case "outOfRange":
      return Code.OutOfRange;
    case "exhausted":
      return Code.ResourceExhausted;
    case "unavailable":
      return Code.Unavailable;
    case "unknownOutcome":
      // gRPC defines DEADLINE_EXCEEDED as "may have completed", and clients do not repeat it on their own.
      return Code.DeadlineExceeded;
    case "unauthenticated":
      return Code.Unauthenticated;
    case "denied":
      return Code.PermissionDenied;
    case "cancelled":
      return Code.Canceled;
    case "deadline":
      return Code.DeadlineExceeded;
    case "corrupt":
      return Code.DataLoss;
    case "unimplemented":
      return Code.Unimplemented;
    case "internal":
      return Code.Internal;
    default:
      return kind satisfies never;
  }
}
