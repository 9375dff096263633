import { Code, ConnectError } from "@connectrpc/connect";
import type { Reason } from "@millrace/failure";
import { errorInfo } from "./failure-to-connect-error.ts";

/**
 * An error that the protocol library made by itself (a body that can not be decoded, a message over the limit, a
 * method that is not implemented), with the reason that Millrace has for it. Errors that carry details are left alone.
 */
export function withReason(error: ConnectError): ConnectError {
  if (error.details.length > 0) return error;
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  const limit = /readMaxBytes (\d+)/.exec(error.rawMessage)?.[1];
  const message =
    limit === undefined ? error.rawMessage : `the message is larger than ${limit} bytes, the most that is accepted`;
  const metadata: Record<string, string> = limit === undefined ? {} : { maxBytes: limit };
  return new ConnectError(message, error.code, error.metadata, [errorInfo(reason, metadata)], error.cause);
}

function reasonOf(error: ConnectError): Reason | undefined {
  switch (error.code) {
    case Code.ResourceExhausted:
      return error.rawMessage.includes("readMaxBytes") ? "MESSAGE_TOO_LARGE" : undefined;
    case Code.InvalidArgument:
      return "REQUEST_MALFORMED";
    case Code.Unimplemented:
      return error.rawMessage.includes("compression") ? "REQUEST_MALFORMED" : "METHOD_UNKNOWN";
    case Code.DeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case Code.Canceled:
      return "CANCELLED";
    default:
      return undefined;
  }
}
