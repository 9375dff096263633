import { Code, ConnectError } from "@connectrpc/connect";
import { createAsyncIterable, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import { errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { errorInfo } from "../rpc/failure-to-connect-error.ts";
import { connectErrorToHttp } from "../rpc/failure-to-http.ts";
import { connectErrorToGrpcTrailers } from "../rpc/grpc-trailers.ts";
import { withReason } from "../rpc/protocol-errors.ts";
import { codeWord } from "./answer-error.ts";
import type { Call } from "./call.ts";

/**
 * Gives the errors that the protocol library makes before any interceptor runs (a body over the limit or not to be
 * decoded, a content type or HTTP method that is not understood) their reason, and notes the call's code.
 */
export async function amendProtocolErrors(
  response: UniversalServerResponse,
  call: Call,
): Promise<UniversalServerResponse> {
  if (response.trailer !== undefined && response.body != null) {
    return { ...response, body: amendTrailerAfter(response.body, response.trailer, call) };
  }
  if (call.protocol === "grpc-web" && response.status === 200 && response.body != null) {
    return { ...response, body: amendTrailerFrame(response.body, call) };
  }
  if (response.status === 415) return refusal(415, call);
  if (response.status === 405) return refusal(405, call);
  if (response.status === 200 || response.body == null || response.header?.has("content-encoding")) return response;
  return amendUnaryError(response, call);
}

async function amendUnaryError(response: UniversalServerResponse, call: Call): Promise<UniversalServerResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body!) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const unreadable = new ConnectError("", Code.Unknown);
  const error = errorFromJsonBytes(bytes, undefined, unreadable);
  call.code = codeWord(error.code);
  const amended = withReason(error);
  if (amended === error) return { ...response, body: createAsyncIterable([bytes]) };
  const body = Buffer.from(connectErrorToHttp(amended).body);
  const header = new Headers(response.header);
  header.set("content-length", String(body.length));
  return { ...response, header, body: createAsyncIterable([body]) };
}

async function* amendTrailerAfter(
  body: AsyncIterable<Uint8Array>,
  trailer: Headers,
  call: Call,
): AsyncIterable<Uint8Array> {
  yield* body;
  amendTrailer(trailer, call);
}

/** gRPC-Web sends its trailers as a last frame of the body, which the library gives as one chunk. */
async function* amendTrailerFrame(body: AsyncIterable<Uint8Array>, call: Call): AsyncIterable<Uint8Array> {
  for await (const chunk of body) yield chunk[0] === TRAILER_FLAG ? amendedFrame(chunk, call) : chunk;
}

const TRAILER_FLAG = 0x80;
const FRAME_HEAD_BYTES = 5;

function amendedFrame(frame: Uint8Array, call: Call): Uint8Array {
  const lines = new TextDecoder().decode(frame.subarray(FRAME_HEAD_BYTES)).split("\r\n");
  const trailer = new Headers(lines.flatMap((line) => (line === "" ? [] : [splitLine(line)])));
  if (!amendTrailer(trailer, call)) return frame;
  const text = Buffer.from([...trailer].map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt8(TRAILER_FLAG, 0);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

function splitLine(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function amendTrailer(trailer: Headers, call: Call): boolean {
  const error = findTrailerError(trailer);
  if (error === undefined) return false;
  call.code = codeWord(error.code);
  const amended = withReason(error);
  if (amended === error) return false;
  for (const [name, value] of Object.entries(connectErrorToGrpcTrailers(amended))) trailer.set(name, value);
  return true;
}

function refusal(status: 405 | 415, call: Call): UniversalServerResponse {
  const error =
    status === 415
      ? new ConnectError(
          "the content type is not understood; use application/json, application/proto or gRPC's",
          Code.InvalidArgument,
          undefined,
          [errorInfo("CONTENT_TYPE_UNSUPPORTED")],
        )
      : new ConnectError("the HTTP method is not understood here; use POST", Code.Unimplemented, undefined, [
          errorInfo("METHOD_UNKNOWN"),
        ]);
  call.code = codeWord(error.code);
  const answer = connectErrorToHttp(error);
  const header = new Headers(answer.headers);
  if (status === 405) header.set("allow", "POST");
  return { status, header, body: createAsyncIterable([Buffer.from(answer.body)]) };
}
