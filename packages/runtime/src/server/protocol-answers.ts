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
  const error = findTrailerError(trailer);
  if (error === undefined) return;
  call.code = codeWord(error.code);
  const amended = withReason(error);
  if (amended === error) return;
  for (const [name, value] of Object.entries(connectErrorToGrpcTrailers(amended))) trailer.set(name, value);
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
