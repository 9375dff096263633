import { constants, type ServerHttp2Stream } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import { StreamResponseSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { type AnyRequest, type AnyResponse, answerGrpc, type RawHandler } from "@millrace/runtime";
import type { Admission } from "../admission.ts";
import { type IngestSnapshot, readCaller } from "../caller.ts";
import { userAgentOf } from "../intake.ts";
import { MessageReader } from "./message-reader.ts";
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
      await new MessageReader(stream, session, deps.admission, isGzip).read();
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
