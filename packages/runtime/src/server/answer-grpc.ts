import type { Failure } from "@millrace/failure";
import { grpcTrailersFor } from "../rpc/grpc-trailers.ts";
import type { AnyResponse } from "./one-port.ts";
import { writeHead } from "./write-answer.ts";

const FRAME_HEAD_BYTES = 5;

/**
 * Ends a gRPC call that is handled by hand: with one message, in binary form, or with a failure, its details in the
 * trailers. Answer by the response, not by the raw stream: Node's compatibility layer sends the trailers.
 */
export function answerGrpc(response: AnyResponse, message: Uint8Array | undefined, failure?: Failure): void {
  writeHead(response, 200, { "content-type": "application/grpc" });
  response.addTrailers(grpcTrailersFor(failure));
  if (message === undefined) {
    response.end();
    return;
  }
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_HEAD_BYTES);
  response.end(frame);
}
