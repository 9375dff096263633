import { Failure, type Reason } from "@millrace/failure";
import {
  type AnyRequest,
  type AnyResponse,
  type Call,
  failureToHttp,
  type RawHandler,
  writeAnswer,
} from "@millrace/runtime";
import { isHttps } from "./page/is-https.ts";
import { securityHeaders } from "./page/security-headers.ts";

/** What HTTP has a status of its own for, where RPC only says that the argument is invalid. */
const STATUS_OF_HTTP: Partial<Record<Reason, number>> = {
  METHOD_UNKNOWN: 405,
  MESSAGE_TOO_LARGE: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
};

/** A handler whose failures are answered with HTTP's own statuses and the page's headers, never to be kept. */
export function answerFailures(
  handle: (request: AnyRequest, response: AnyResponse, call: Call) => Promise<void>,
): RawHandler {
  return async (request, response, call) => {
    try {
      await handle(request, response, call);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.kind === "internal") throw thrown;
      const answer = failureToHttp(thrown);
      const status = STATUS_OF_HTTP[thrown.reason] ?? answer.status;
      call.code = `http_${status}`;
      writeAnswer(response, { ...answer, status, headers: { ...unkeptHeaders(request), ...answer.headers } });
    }
  };
}

/** The headers of an answer that nobody may keep. */
export function unkeptHeaders(request: AnyRequest): Record<string, string> {
  return { ...securityHeaders(isHttps(request.headers)), "cache-control": "no-store" };
}
