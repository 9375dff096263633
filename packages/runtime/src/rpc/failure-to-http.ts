import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJson } from "@connectrpc/connect/protocol-connect";
import type { Failure } from "@millrace/failure";
import { failureToConnectError } from "./failure-to-connect-error.ts";

/** An answer over plain HTTP. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A failure as a plain HTTP answer: the body is Connect's error JSON, so that every path of a service errs alike. */
export function failureToHttp(failure: Failure): HttpAnswer {
  return connectErrorToHttp(failureToConnectError(failure));
}

/** A ConnectError as a plain HTTP answer. */
export function connectErrorToHttp(error: ConnectError): HttpAnswer {
  return {
    status: codeToHttpStatus(error.code),
    headers: { ...Object.fromEntries(error.metadata), "content-type": "application/json" },
    body: JSON.stringify(errorToJson(error, undefined)),
  };
}
