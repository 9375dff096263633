import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "../log/logger.ts";
import { callKey } from "../server/call.ts";
import { leavingError, type ThrownIn } from "./leaving-error.ts";

/** Turns whatever a method throws, at once or while its answer is being iterated, into the error that may leave. */
export function mapFailures(log: Logger): Interceptor {
  return (next) => async (request) => {
    const path = `/${request.service.typeName}/${request.method.name}`;
    const callLog = request.contextValues.get(callKey)?.log ?? log;
    const thrownIn: ThrownIn = { log: callLog, path, signal: request.signal };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: mapped(response.message, thrownIn) } : response;
    } catch (thrown) {
      throw leavingError(thrown, thrownIn);
    }
  };
}

async function* mapped<T>(messages: AsyncIterable<T>, thrownIn: ThrownIn): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (thrown) {
    throw leavingError(thrown, thrownIn);
  }
}
