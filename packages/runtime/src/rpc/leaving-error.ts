import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { Failure } from "@millrace/failure";
import type { Logger } from "../log/logger.ts";
import { errorInfo, failureToConnectError } from "./failure-to-connect-error.ts";
import { withReason } from "./protocol-errors.ts";

/** What is known of the call in which something was thrown. */
export type ThrownIn = {
  readonly log: Logger;
  /** The call's path, such as `/millrace.ingest.v1.IngestService/Send`. */
  readonly path: string;
  /** The call's signal: what is thrown after it was aborted is judged by its reason. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * The ConnectError by which anything thrown leaves the process. A Failure and the protocol's own errors keep their
 * text. What an abort made a driver throw becomes the abort's reason (deadline, cancel, drain). All else is a defect:
 * it leaves as `internal error (id ...)`, and its text and stack go to the log under that id.
 */
export function leavingError(thrown: unknown, { log, path, signal }: ThrownIn): ConnectError {
  if (thrown instanceof Failure && thrown.kind !== "internal" && !(thrown.kind === "cancelled" && signal?.aborted)) {
    logFailure(thrown, log, path);
    return failureToConnectError(thrown);
  }
  if (thrown instanceof ConnectError && !isDefect(thrown)) return withReason(thrown);
  if (signal?.aborted) {
    return signal.reason instanceof Failure
      ? failureToConnectError(signal.reason)
      : withReason(ConnectError.from(signal.reason, Code.Canceled));
  }
  const id = randomUUID();
  log.error({ err: thrown, errorId: id, path }, "unexpected error");
  return new ConnectError(
    `internal error (id ${id})`,
    Code.Internal,
    undefined,
    [errorInfo("INTERNAL", { id })],
    thrown,
  );
}

function isDefect(error: ConnectError): boolean {
  return error.code === Code.Internal || error.code === Code.Unknown || error.code === Code.DataLoss;
}

function logFailure(failure: Failure, log: Logger, path: string): void {
  const told = { path, reason: failure.reason, err: failure.cause };
  // A drain is asked for: nobody need look at what it ends.
  if (failure.reason === "DRAINING") log.debug(told, failure.message);
  else if (failure.kind === "corrupt") log.error(told, failure.message);
  else if (failure.kind === "unavailable" || failure.kind === "unknownOutcome") log.warn(told, failure.message);
}
