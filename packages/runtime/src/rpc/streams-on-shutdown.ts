import type { Interceptor } from "@connectrpc/connect";

/**
 * Aborts the signals of streaming calls when the server begins to drain, so that they answer early. Unary calls are
 * left to finish: their signal ends only with their deadline or their connection.
 */
export function endStreamsOnShutdown(shutdownSignal: AbortSignal): Interceptor {
  return (next) => (request) => {
    if (!request.stream) return next(request);
    return next({ ...request, signal: AbortSignal.any([request.signal, shutdownSignal]) });
  };
}
