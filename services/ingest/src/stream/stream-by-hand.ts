import { constants, type ServerHttp2Stream } from "node:http2";
import { gunzipSync } from "node:zlib";
import { toBinary } from "@bufbuild/protobuf";
import { StreamResponseSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { type AnyRequest, type AnyResponse, answerGrpc, type RawHandler } from "@millrace/runtime";
import type { Admission } from "../admission.ts";
import { type IngestSnapshot, readCaller } from "../caller.ts";
import { BATCH_LIMITS } from "../event-limits.ts";
import { userAgentOf } from "../intake.ts";
import { tooLarge } from "../request-body.ts";
import { GrpcFrames } from "./grpc-frames.ts";
import { type SessionDeps, StreamSession } from "./stream-session.ts";
import type { WindowGrants } from "./window-grants.ts";

/** How long a producer may take to see the answer. */
const END_GRACE_MS = 1000;

/** What the handler needs. */
export type StreamDeps = SessionDeps & {
  readonly admission: Admission;
  readonly snapshot: IngestSnapshot;
  readonly windows: WindowGrants;
};

/**
 * `Stream` by hand, for gRPC: messages are scanned as they come. Other protocols are left to the RPC.
 */
export function createStreamByHand(deps: StreamDeps): RawHandler {
  return function stream(request, response, call) {
    const http2Stream = streamOf(request, response);
    if (http2Stream === undefined) return undefined;
    const drain = AbortSignal.any([deps.drain, call.shutdownSignal]);
    return answer(request, response, http2Stream, drain).then((code) => {
      call.code = code;
    });
  };

  async function answer(
    request: AnyRequest,
    response: AnyResponse,
    stream: ServerHttp2Stream,
    drain: AbortSignal,
  ): Promise<string> {
    const caller = await readCaller(request, deps.snapshot);
    const browserAgent = request.headers.origin === undefined ? undefined : request.headers["user-agent"];
    const session = new StreamSession({ ...deps, drain }, caller, userAgentOf(browserAgent));
    const http2Session = stream.session;
    if (http2Session !== undefined) deps.windows.enter(http2Session);
    try {
      const isGzip = request.headers["grpc-encoding"] === "gzip";
      await readMessages(stream, session, deps.admission, isGzip);
      const answered = await session.answer();
      if (stream.destroyed) return "canceled";
      answerGrpc(response, toBinary(StreamResponseSchema, answered));
      endPolitely(stream);
      return "ok";
    } catch (thrown) {
      // The failure is answered by the server; what the producer still sends is of no use.
      response.once("finish", () => endPolitely(stream));
      throw thrown;
    } finally {
      session.close();
      if (http2Session !== undefined) deps.windows.leave(http2Session);
    }
  }
}

/**
 * Ends a stream whose producer is still sending, once the answer is out. Producers end it themselves when they see the
 * answer, and may lose it when a reset comes right behind; so only one that has not is told (RFC 9113, section 8.1).
 * Meanwhile nothing is read: no more than a window comes.
 */
function endPolitely(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.readableEnded) return;
  const timer = setTimeout(() => {
    // A stream with unread data would never close.
    stream.resume();
    stream.close(constants.NGHTTP2_NO_ERROR);
  }, END_GRACE_MS);
  stream.once("close", () => clearTimeout(timer));
}

function streamOf(request: AnyRequest, response: AnyResponse): ServerHttp2Stream | undefined {
  if (request.method !== "POST" || !("stream" in response)) return undefined;
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type !== "application/grpc" && type !== "application/grpc+proto") return undefined;
  const compression = request.headers["grpc-encoding"] ?? "identity";
  return compression === "identity" || compression === "gzip" ? response.stream : undefined;
}

/**
 * Hands the stream's messages to the session until it ends. While there is no room the stream is not read, and HTTP/2
 * holds the producer back.
 *
 * @throws Failure `invalid` for what can't be read, `cancelled` when the producer is gone
 */
async function readMessages(
  stream: ServerHttp2Stream,
  session: StreamSession,
  admission: Admission,
  isGzip: boolean,
): Promise<void> {
  // It may have gone while it was found out who it is; no event comes then.
  if (stream.destroyed) throw gone();
  const stop = new AbortController();
  const frames = new GrpcFrames(BATCH_LIMITS.messageBytes);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  /** Admitted for a message that is not complete. */
  let admitted = 0;
  let isWaiting = false;
  let hasEnded = false;

  const onData = (chunk: Buffer): void => {
    try {
      read(chunk, 0);
    } catch (thrown) {
      fail(thrown);
    }
  };
  function read(chunk: Buffer, from: number): void {
    let at = from;
    while (!session.hasEnded && !stop.signal.aborted) {
      if (!frames.hasHead) {
        if (at === chunk.length) return;
        at = frames.readHead(chunk, at);
        if (!frames.hasHead) return;
        const needed = frames.isCompressed ? BATCH_LIMITS.messageBytes : frames.length;
        if (!admission.tryTake(needed)) {
          waitForRoom(needed, chunk, at);
          return;
        }
        admitted = needed;
      }
      at = frames.readBody(chunk, at);
      const { message } = frames;
      if (message === undefined) return;
      take(message);
      frames.letGo();
    }
  }
  function waitForRoom(needed: number, chunk: Buffer, at: number): void {
    isWaiting = true;
    stream.pause();
    admission
      .whenRoom(needed, stop.signal)
      .then(() => {
        isWaiting = false;
        admitted = needed;
        read(chunk, at);
        if (isWaiting || stop.signal.aborted) return;
        if (hasEnded) finish();
        else stream.resume();
      })
      .catch((thrown) => {
        if (!stop.signal.aborted) fail(thrown);
      });
  }
  function take(message: Buffer): void {
    const bytes = frames.isCompressed ? gunzipMessage(message, isGzip) : message;
    const settled = session.take(bytes);
    const held = admitted;
    admitted = 0;
    void settled.then(() => admission.release(held));
  }
  // The end may be told while the last piece waits.
  const onEnd = (): void => {
    hasEnded = true;
    if (!isWaiting) finish();
  };
  function finish(): void {
    if (frames.isWithin) fail(new Failure("invalid", "REQUEST_MALFORMED", "The stream ends within a message."));
    else session.end("COMPLETE");
  }
  const onGone = (): void => fail(gone());

  stream.on("data", onData).on("end", onEnd).on("aborted", onGone).on("close", onGone).on("error", onGone);
  try {
    await Promise.race([session.ended, failed]);
  } finally {
    stop.abort();
    stream.off("data", onData).off("end", onEnd).off("aborted", onGone).off("close", onGone);
    stream.pause();
    admission.release(admitted);
  }
}

function gone(): Failure {
  return new Failure("cancelled", "CANCELLED", "The producer gave up.");
}

function gunzipMessage(message: Buffer, isGzip: boolean): Buffer {
  if (!isGzip) throw new Failure("invalid", "REQUEST_MALFORMED", "A message is compressed, by nothing that was named.");
  try {
    return gunzipSync(message, { maxOutputLength: BATCH_LIMITS.messageBytes });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(BATCH_LIMITS.messageBytes);
    }
    throw new Failure("invalid", "REQUEST_MALFORMED", "A message is not valid gzip.", { cause });
  }
}
