import { constants, type Http2ServerResponse } from "node:http2";
import { performance } from "node:perf_hooks";
import { Code, ConnectError } from "@connectrpc/connect";
import { context, ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { Logger } from "../log/logger.ts";
import { errorInfo } from "../rpc/failure-to-connect-error.ts";
import { leavingError } from "../rpc/leaving-error.ts";
import { createCallSpans } from "../telemetry/call-spans.ts";
import type { RpcMetrics } from "../telemetry/rpc-metrics.ts";
import type { ActiveCalls } from "./active-calls.ts";
import { answerError, codeWord } from "./answer-error.ts";
import { beginCall, type Call } from "./call.ts";
import type { ConnectHandler } from "./connect-handler.ts";
import type { ApplyCors } from "./cors.ts";
import type { AnyRequest, AnyResponse, RequestListener } from "./one-port.ts";

/**
 * Handles a path by hand, before any RPC. It answers by itself; what it throws is answered for it, in the way of the
 * request's protocol. The call is under way until it has returned and the answer is out. A handler that gives undefined
 * has done nothing, and leaves the request to the RPC of that path: a fast way for some content types only.
 */
export type RawHandler = (request: AnyRequest, response: AnyResponse, call: Call) => Promise<void> | undefined;

/** What every request passes through. */
export type RequestListenerOptions = {
  readonly rawHandlers: ReadonlyMap<string, RawHandler>;
  readonly findHandler: (path: string) => RawHandler | undefined;
  readonly handleRpc: ConnectHandler;
  readonly applyCors: ApplyCors;
  readonly calls: ActiveCalls<Call>;
  readonly metrics: RpcMetrics;
  readonly tracer: Tracer;
  readonly shutdownSignal: AbortSignal;
  readonly trustedProxies: number;
  readonly log: Logger;
};

/** The way of every request: id, CORS, span, its handler, then metrics and the access log. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const startSpan = createCallSpans(options.tracer);
  return (request, response) => {
    const call = beginCall(request, options.log, options.shutdownSignal, options.trustedProxies);
    response.setHeader("x-request-id", call.id);
    // Answers repeat what callers and events say; no browser may take one for a page or a script.
    if (!call.protocol.startsWith("grpc")) response.setHeader("x-content-type-options", "nosniff");
    // On HTTP/1 a connection would otherwise be kept for a next request that nobody is there for.
    if (options.shutdownSignal.aborted && !("stream" in response)) response.setHeader("connection", "close");
    options.calls.add(call);
    options.metrics.started();
    const span = startSpan(request, call);
    const closed = new Promise<void>((resolve) => response.once("close", resolve));
    if ("stream" in response) endUnreadStream(response);
    const spanContext = trace.setSpan(ROOT_CONTEXT, span);
    void context
      .with(spanContext, () => handle(request, response, call, closed, options))
      .then(() => closed)
      .then(() => finish(response, call, span, options))
      .catch((error: unknown) => call.log.error({ err: error }, "a call could not be accounted for"));
  };
}

async function handle(
  request: AnyRequest,
  response: AnyResponse,
  call: Call,
  closed: Promise<void>,
  options: RequestListenerOptions,
) {
  try {
    if (options.applyCors(request, response, call.path)) {
      call.method = "(preflight)";
      return;
    }
    const handledByHand = options.rawHandlers.get(call.path)?.(request, response, call);
    if (handledByHand !== undefined) {
      call.method = call.path.slice(1);
      await handledByHand;
      return;
    }
    const handled = options.handleRpc(request, response, call, closed);
    if (handled !== undefined) {
      await handled;
      return;
    }
    const found = options.findHandler(call.path);
    if (found === undefined) {
      answerError(response, call, unknownPath(call.path), 404);
      return;
    }
    call.method = call.path.slice(1) || "/";
    await found(request, response, call);
  } catch (thrown) {
    fail(thrown, response, call);
  }
}

/**
 * A stream that was answered in full before its client had ended its own side is reset without an error (RFC 9113,
 * 8.1), or it would stay open for as long as the client likes. Not at once: some clients take that for a failure when
 * they have not yet read the answer.
 */
function endUnreadStream(response: Http2ServerResponse): void {
  const { stream } = response;
  stream.once("finish", () => {
    if (stream.readableEnded || stream.closed) return;
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), UNREAD_GRACE_MS);
    stream.once("close", () => clearTimeout(timer));
  });
}

const UNREAD_GRACE_MS = 500;

function fail(thrown: unknown, response: AnyResponse, call: Call): void {
  // The client is gone; there is nobody to answer.
  if (response.destroyed || ("stream" in response && response.stream?.destroyed)) {
    call.code ??= codeWord(Code.Canceled);
    return;
  }
  answerError(response, call, leavingError(thrown, { log: call.log, path: call.path }));
}

function unknownPath(path: string): ConnectError {
  const message = `there is nothing at ${path.slice(0, 200)}`;
  return new ConnectError(message, Code.Unimplemented, undefined, [errorInfo("METHOD_UNKNOWN")]);
}

function finish(response: AnyResponse, call: Call, span: Span, options: RequestListenerOptions): void {
  const durationMs = performance.now() - call.startedMs;
  const code = call.code ?? codeOfStatus(response.statusCode);
  options.calls.delete(call);
  options.metrics.finished(call.method, code, call.protocol, durationMs);
  span.updateName(call.method);
  span.setAttribute("rpc.response.status_code", code);
  if (SERVER_FAULTS.has(code)) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  span.end();
  const told = { method: call.method, code, protocol: call.protocol, durationMs: Math.round(durationMs * 10) / 10 };
  // What callers do wrong is theirs to know; in numbers it is in the metrics.
  if (SERVER_FAULTS.has(code)) call.log.info(told, "call");
  else call.log.debug(told, "call");
}

const SERVER_FAULTS: ReadonlySet<string> = new Set([
  "internal",
  "unknown",
  "data_loss",
  "unavailable",
  "deadline_exceeded",
]);

function codeOfStatus(status: number): string {
  return status < 400 ? "ok" : `http_${status}`;
}
