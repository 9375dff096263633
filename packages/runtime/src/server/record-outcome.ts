import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { codeWord } from "./answer-error.ts";
import { type Call, callKey } from "./call.ts";

/** Notes in the call by which code its method ended, streams when they end. */
export const recordOutcome: Interceptor = (next) => async (request) => {
  const call = request.contextValues.get(callKey);
  if (call === undefined) return next(request);
  try {
    const response = await next(request);
    return response.stream ? { ...response, message: recorded(response.message, call) } : response;
  } catch (thrown) {
    call.code = codeWord(ConnectError.from(thrown).code);
    throw thrown;
  }
};

async function* recorded<T>(messages: AsyncIterable<T>, call: Call): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (thrown) {
    call.code = codeWord(ConnectError.from(thrown).code);
    throw thrown;
  }
}
