import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Logger } from "../log/logger.ts";
import { authenticateGate } from "../rpc/authenticate-gate.ts";
import { mapFailures } from "../rpc/map-failures.ts";
import type { Authenticate } from "../rpc/principal.ts";
import { withReason } from "../rpc/protocol-errors.ts";
import { scopeOf } from "../rpc/scopes.ts";
import { endStreamsOnShutdown } from "../rpc/streams-on-shutdown.ts";
import { validateRequests } from "../rpc/validate.ts";
import { answerError } from "./answer-error.ts";
import { type Call, callKey } from "./call.ts";
import { boundDeadline } from "./deadline.ts";
import type { ServerLimits } from "./limits.ts";
import type { AnyRequest, AnyResponse } from "./one-port.ts";
import { amendProtocolErrors } from "./protocol-answers.ts";
import { recordOutcome } from "./record-outcome.ts";

/** What the RPC methods of a server need. */
export type ConnectHandlerOptions = {
  readonly routes: (router: ConnectRouter) => void;
  readonly interceptors: readonly Interceptor[];
  readonly authenticate: Authenticate;
  readonly limits: ServerLimits;
  readonly shutdownSignal: AbortSignal;
  readonly log: Logger;
};

/**
 * Answers a request to an RPC method; gives undefined, and does nothing, where the path is of none.
 *
 * @param closed resolves when the response has closed, which may be before the method has ended
 */
export type ConnectHandler = (
  request: AnyRequest,
  response: AnyResponse,
  call: Call,
  closed: Promise<void>,
) => Promise<void> | undefined;

/** The RPC methods of a server. Refuses to be made with a method that names no required scope. */
export function createConnectHandler(options: ConnectHandlerOptions): {
  handle: ConnectHandler;
  router: ConnectRouter;
} {
  const { limits, log } = options;
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    readMaxBytes: limits.messageBytesMax,
    // A misspelt filter must not become an answer about everything. In binary form unknown fields are still allowed.
    jsonOptions: { ignoreUnknownFields: false },
    interceptors: [
      recordOutcome,
      endStreamsOnShutdown(options.shutdownSignal),
      mapFailures(log),
      validateRequests(),
      ...options.interceptors,
    ],
    requestGate: authenticateGate(options.authenticate, log),
  });
  options.routes(router);
  const unscoped = router.handlers.filter(({ method }) => scopeOf(method) === undefined);
  if (unscoped.length > 0) {
    throw new Error(`no required scope is named by ${unscoped.map(({ requestPath }) => requestPath).join(", ")}`);
  }
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  const handle: ConnectHandler = (request, response, call, closed) => {
    const handler = handlers.get(call.path);
    if (handler === undefined) return undefined;
    call.method = call.path.slice(1);
    return answer({ handler, request, response, call, closed }, limits);
  };
  return { handle, router };
}

type Handler = ConnectRouter["handlers"][number];

type Answering = {
  readonly handler: Handler;
  readonly request: AnyRequest;
  readonly response: AnyResponse;
  readonly call: Call;
  readonly closed: Promise<void>;
};

async function answer({ handler, request, response, call, closed }: Answering, limits: ServerLimits) {
  if (!("authority" in request ? request.authority : request.headers.host)) {
    answerError(response, call, new ConnectError("the request names no host", Code.InvalidArgument));
    return;
  }
  const values = createContextValues().set(callKey, call);
  const received = universalRequestFromNodeRequest(request, response, undefined, values);
  const isUnary = handler.method.methodKind === "unary";
  const stopWaiting = isUnary && "stream" in request ? limitArrival(request, response, call, limits) : undefined;
  try {
    if (isUnary) boundDeadline(received.header, call.protocol.startsWith("grpc"), limits);
    const answered = await amendProtocolErrors(await handler(received), call);
    // The library waits for an event that an HTTP/1 response does not have, nor one whose client is gone already.
    await Promise.race([universalResponseToNodeResponse(answered, response), closed]);
  } finally {
    stopWaiting?.();
  }
}

/**
 * A deadline ends a method, but not the wait for its message: over HTTP/2 a body that trickles in is cut off here (over
 * HTTP/1 Node does that). The stream is reset soon after the answer.
 */
function limitArrival(request: AnyRequest, response: AnyResponse, call: Call, limits: ServerLimits): () => void {
  const timer = setTimeout(() => {
    if (request.complete) return;
    const message = "the request did not arrive in time";
    answerError(response, call, withReason(new ConnectError(message, Code.DeadlineExceeded)));
  }, limits.requestTimeoutMs);
  return () => clearTimeout(timer);
}
