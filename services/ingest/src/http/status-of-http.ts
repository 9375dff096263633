import { Failure, type Reason } from "@millrace/failure";
import { failureToHttp, type RawHandler, writeAnswer } from "@millrace/runtime";

/** What HTTP has a status of its own for, where RPC only says that the argument is invalid. */
const STATUS_OF_HTTP: Partial<Record<Reason, number>> = {
  METHOD_UNKNOWN: 405,
  MESSAGE_TOO_LARGE: 413,
  BATCH_TOO_LARGE: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
};

/** Answers those failures of a handler with their own status. */
export function withStatusOfHttp(handle: (...of: Parameters<RawHandler>) => Promise<void>): RawHandler {
  return async (request, response, call) => {
    try {
      await handle(request, response, call);
    } catch (thrown) {
      const status = thrown instanceof Failure ? STATUS_OF_HTTP[thrown.reason] : undefined;
      if (!(thrown instanceof Failure) || status === undefined) throw thrown;
      call.code = `http_${status}`;
      writeAnswer(response, { ...failureToHttp(thrown), status });
    }
  };
}
