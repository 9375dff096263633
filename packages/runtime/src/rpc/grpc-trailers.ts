import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Failure } from "@millrace/failure";
import { failureToConnectError } from "./failure-to-connect-error.ts";

/**
 * The trailers that end a gRPC call: `grpc-status`, and for a failure the percent-encoded `grpc-message` and
 * `grpc-status-details-bin` with google.rpc.Status. Undefined stands for success.
 */
export function grpcTrailersFor(failure: Failure | undefined): Record<string, string> {
  return connectErrorToGrpcTrailers(failure === undefined ? undefined : failureToConnectError(failure));
}

/** The trailers that end a gRPC call with a ConnectError, or with success. */
export function connectErrorToGrpcTrailers(error: ConnectError | undefined): Record<string, string> {
  const trailers = new Headers();
  setTrailerStatus(trailers, error);
  return Object.fromEntries(trailers);
}
