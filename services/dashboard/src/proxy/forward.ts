import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { Failure } from "@millrace/failure";
import { type AnyRequest, type AnyResponse, type Call, type ClientPool, grpcTrailersFor } from "@millrace/runtime";
import { answerHeaders } from "./forwarded-headers.ts";
import { methodOf, type Owner } from "./forwarded-services.ts";

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** Where a request goes. */
export type Destination = { readonly owner: Owner; readonly pool: ClientPool; readonly headers: OutgoingHttpHeaders };

/**
 * Forwards a request and its answer, as they come, each only as fast as the other side takes it. Resolves when the answer
 * is out or nobody waits for it any more.
 *
 * @throws Failure `unavailable` when nothing was answered: the service can not be reached, or broke off
 */
export async function forward(
  request: AnyRequest,
  response: AnyResponse,
  call: Call,
  { owner, pool, headers }: Destination,
): Promise<void> {
  const upstream = await pool.request(request.method ?? "GET", request.url ?? "/", headers).catch((cause: unknown) => {
    throw away(owner, cause);
  });
  if (isGone(response)) {
    upstream.close(NGHTTP2_CANCEL);
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stopDraining = endOnDrain(request, response, call, upstream);
  let broken: Error | undefined;
  upstream.once("response", (answer, flags) => sendHead(response, call, answer, flags, upstream));
  upstream.on("data", () => pool.notifyResponseByteRead(upstream));
  upstream.on("trailers", (trailers) => addTrailers(response, call, trailers));
  upstream.on("error", (error: Error) => {
    broken = error;
  });
  upstream.once("end", () => {
    // What was broken off ends as well, but is no whole answer.
    const isWhole = upstream.rstCode === undefined || upstream.rstCode === NGHTTP2_NO_ERROR;
    if (isWhole && response.headersSent && !response.writableEnded) response.end();
  });
  upstream.once("close", () => {
    request.unpipe(upstream);
    if (isGone(response) || response.writableEnded) resolve();
    else if (!response.headersSent && upstream.rstCode !== NGHTTP2_REFUSED_STREAM) reject(away(owner, broken));
    else breakOff(response, upstream.rstCode).then(resolve);
  });
  // Whoever asked is gone, or has the whole answer.
  response.once("close", () => {
    if (!upstream.closed) upstream.close(upstream.readableEnded ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
  });
  request.on("error", () => upstream.close(NGHTTP2_CANCEL));
  if (upstream.writable) request.pipe(upstream);
  else request.resume();
  try {
    await promise;
  } finally {
    stopDraining();
  }
}

function sendHead(
  response: AnyResponse,
  call: Call,
  answer: IncomingHttpHeaders & { ":status"?: number | undefined },
  flags: number,
  upstream: ClientHttp2Stream,
): void {
  if (isGone(response) || response.writableEnded) return;
  noteOutcome(call, answer["grpc-status"]);
  response.statusCode = answer[":status"] ?? 502;
  for (const [name, value] of answerHeaders(answer)) response.setHeader(name, value);
  if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) {
    // Headers that nothing was written after end the stream by themselves, as gRPC's clients want it.
    response.end();
    return;
  }
  if ("stream" in response) response.writeHead(response.statusCode);
  else response.flushHeaders();
  upstream.pipe(response as NodeJS.WritableStream, { end: false });
}

function addTrailers(response: AnyResponse, call: Call, trailers: IncomingHttpHeaders): void {
  noteOutcome(call, trailers["grpc-status"]);
  // HTTP/1 clients of ours want none: gRPC-Web and Connect have theirs in the body.
  if (!("stream" in response) || response.writableEnded) return;
  response.addTrailers(Object.fromEntries(answerHeaders(trailers)));
}

function noteOutcome(call: Call, grpcStatus: string | string[] | undefined): void {
  if (typeof grpcStatus !== "string") return;
  call.code = grpcStatus === "0" ? "ok" : codeToString((Number(grpcStatus) || Code.Unknown) as Code);
}

/**
 * A drain waits for no stream that could go on for ever. One that is being sent is ended as if its client had, so that its
 * answer says how much of it is durable; one that is being answered ends with `unavailable`.
 */
function endOnDrain(request: AnyRequest, response: AnyResponse, call: Call, upstream: ClientHttp2Stream): () => void {
  const kind = methodOf(call.path)?.methodKind;
  if (kind !== "client_streaming" && kind !== "server_streaming") return () => {};
  const end = (): void => {
    if (kind === "client_streaming") {
      request.unpipe(upstream);
      request.resume();
      upstream.end();
      return;
    }
    upstream.unpipe(response as NodeJS.WritableStream);
    if (call.protocol === "grpc" && "stream" in response && response.headersSent) {
      call.code = codeToString(Code.Unavailable);
      response.addTrailers(grpcTrailersFor(draining()));
      response.end();
    } else {
      response.destroy();
    }
    upstream.close(NGHTTP2_CANCEL);
  };
  const { shutdownSignal } = call;
  if (shutdownSignal.aborted) end();
  else shutdownSignal.addEventListener("abort", end, { once: true });
  return () => shutdownSignal.removeEventListener("abort", end);
}

/** So that nobody takes an answer for a whole one. What a service never saw may be repeated, and the client learns that. */
async function breakOff(response: AnyResponse, code: number | undefined): Promise<void> {
  if ("stream" in response) response.stream.close(code || NGHTTP2_CANCEL);
  else response.destroy();
}

function isGone(response: AnyResponse): boolean {
  return response.destroyed || ("stream" in response && (response.stream?.destroyed ?? true));
}

function away(owner: Owner, cause: unknown): Failure {
  const told = cause instanceof ConnectError ? cause.rawMessage : undefined;
  const message = `${owner} can not be reached now; try again`;
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", message, { cause: told ?? cause, retryAfterMs: 1_000 });
}

function draining(): Failure {
  return new Failure("unavailable", "DRAINING", "the server is being stopped; call again");
}
