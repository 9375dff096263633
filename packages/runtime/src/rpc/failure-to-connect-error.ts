import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import type { Failure, Reason } from "@millrace/failure";
import { codeOf } from "./failure-codes.ts";

/** The domain of every reason in google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = "millrace.dev";

/** One detail of an error on its way out. */
export type ErrorDetail = NonNullable<ConstructorParameters<typeof ConnectError>[3]>[number];

/**
 * The ConnectError by which a failure leaves the process: its message, google.rpc.ErrorInfo, and, where they apply,
 * BadRequest and RetryInfo. The failure stays its `cause`, which is not sent.
 */
export function failureToConnectError(failure: Failure): ConnectError {
  const details: ErrorDetail[] = [errorInfo(failure.reason, failure.metadata)];
  if (failure.violations.length > 0) {
    const fieldViolations = failure.violations.map(({ field, description }) => ({ field, description }));
    details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  const headers = new Headers();
  if (failure.retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(failure.retryAfterMs);
    details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
    headers.set("retry-after", retryAfterSeconds(failure.retryAfterMs));
  }
  return new ConnectError(failure.message, codeOf(failure.kind), headers, details, failure);
}

/** The detail that carries a reason. */
export function errorInfo(reason: Reason, metadata: Readonly<Record<string, string>> = {}): ErrorDetail {
  return { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata }) };
}

/** A delay as HTTP's Retry-After says it: whole seconds, rounded up, at least 1. */
function retryAfterSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
