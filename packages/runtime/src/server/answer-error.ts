import type { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { connectErrorToHttp } from "../rpc/failure-to-http.ts";
import { connectErrorToGrpcTrailers } from "../rpc/grpc-trailers.ts";
import type { Call } from "./call.ts";
import type { AnyResponse } from "./one-port.ts";
import { writeAnswer } from "./write-answer.ts";

/** A code as the Connect protocol writes it, such as "not_found". */
export function codeWord(code: Code): string {
  return codeToString(code);
}

/**
 * Ends a call that nothing was answered to yet with an error, in the way its protocol has for that. Where an answer
 * has begun already, the connection or stream is broken off, so that nobody takes the answer for a whole one.
 */
export function answerError(response: AnyResponse, call: Call, error: ConnectError, status?: number): void {
  call.code = codeWord(error.code);
  if (response.headersSent || response.writableEnded) {
    if (!response.writableEnded) response.destroy(error);
    return;
  }
  if (call.protocol === "grpc" || call.protocol === "grpc-web") {
    // "Trailers only": an error that comes before any message travels in the headers.
    const headers = { "content-type": `application/${call.protocol}`, ...connectErrorToGrpcTrailers(error) };
    writeAnswer(response, { status: 200, headers });
    return;
  }
  const answer = connectErrorToHttp(error);
  writeAnswer(response, { ...answer, status: status ?? answer.status });
}
