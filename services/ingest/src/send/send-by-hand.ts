import { toBinary, toJsonString } from "@bufbuild/protobuf";
import { SendResponseSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import {
  type AnyRequest,
  type AnyResponse,
  answerGrpc,
  type Call,
  type RawHandler,
  writeHead,
} from "@millrace/runtime";
import type { Admission } from "../admission.ts";
import { type IngestSnapshot, readCaller } from "../caller.ts";
import { readJsonBatch } from "../decoded/json-batch.ts";
import { BATCH_LIMITS } from "../event-limits.ts";
import { userAgentOf } from "../intake.ts";
import { decompress, readBody, tooLarge } from "../request-body.ts";
import { readSendRequest } from "../scan/batch-frame.ts";
import { type SendDeps, type SentBatch, sendBatch } from "./send-batch.ts";

const GRPC_HEAD_BYTES = 5;

/** How a request to `Send` is encoded. */
type Encoding = { readonly grpc: boolean; readonly json: boolean; readonly gzip: boolean };

/**
 * `Send` by hand, for gRPC and for Connect: its events are never made into objects, and one that can't be read is
 * rejected alone, in JSON too. Everything else (gRPC-Web, other compressions) is left to the RPC.
 */
export function createSendByHand(deps: SendDeps & { admission: Admission; snapshot: IngestSnapshot }): RawHandler {
  return function send(request, response, call) {
    const encoding = encodingOf(request, response);
    if (encoding === undefined) return undefined;
    return answer(request, response, call, encoding).then(() => {
      call.code = "ok";
    });
  };

  async function answer(request: AnyRequest, response: AnyResponse, call: Call, encoding: Encoding): Promise<void> {
    const caller = await readCaller(request, deps.snapshot);
    const frameBytes = encoding.grpc ? GRPC_HEAD_BYTES : 0;
    const { bytes, admitted } = await readBody(request, BATCH_LIMITS.bodyBytes, deps.admission, frameBytes);
    let held = admitted;
    try {
      let message: Buffer = bytes;
      let isCompressed = encoding.gzip;
      if (encoding.grpc) {
        message = onlyMessage(bytes);
        if (bytes[0] === 1 && !encoding.gzip) throw malformedFrame();
        isCompressed = bytes[0] === 1;
      }
      if (isCompressed) {
        deps.admission.take(BATCH_LIMITS.bodyBytes);
        held += BATCH_LIMITS.bodyBytes;
        message = await decompress(message, BATCH_LIMITS.bodyBytes);
      }
      const browserAgent = request.headers.origin === undefined ? undefined : request.headers["user-agent"];
      const read: Omit<SentBatch, "caller" | "userAgent"> = encoding.json
        ? readJsonBatch(message, "send")
        : { frame: readSendRequest(message) };
      const address = caller.isWebPage ? call.clientAddress() : undefined;
      const sent = await sendBatch(deps, { ...read, caller, userAgent: userAgentOf(browserAgent), address });
      if (encoding.json) {
        writeHead(response, 200, { "content-type": "application/json" });
        response.end(toJsonString(SendResponseSchema, sent));
      } else if (encoding.grpc) {
        answerGrpc(response, toBinary(SendResponseSchema, sent));
      } else {
        writeHead(response, 200, { "content-type": "application/proto" });
        response.end(toBinary(SendResponseSchema, sent));
      }
    } finally {
      deps.admission.release(held);
    }
  }
}

function encodingOf(request: AnyRequest, response: AnyResponse): Encoding | undefined {
  if (request.method !== "POST") return undefined;
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  const grpc = type === "application/grpc" || type === "application/grpc+proto";
  const json = type === "application/json";
  if (!grpc && !json && type !== "application/proto") return undefined;
  if (grpc && !("stream" in response)) return undefined;
  const compression = request.headers[grpc ? "grpc-encoding" : "content-encoding"] ?? "identity";
  if (compression !== "identity" && compression !== "gzip") return undefined;
  return { grpc, json, gzip: compression === "gzip" };
}

/** The message of a unary gRPC call: one frame, which is the whole body. */
function onlyMessage(body: Buffer): Buffer {
  if (body.length < GRPC_HEAD_BYTES || body[0]! > 1) throw malformedFrame();
  const length = body.readUInt32BE(1);
  if (length > BATCH_LIMITS.bodyBytes) throw tooLarge(BATCH_LIMITS.bodyBytes);
  if (length !== body.length - GRPC_HEAD_BYTES) throw malformedFrame();
  return body.subarray(GRPC_HEAD_BYTES);
}

function malformedFrame(): Failure {
  return new Failure("invalid", "REQUEST_MALFORMED", "The body is not one well-formed gRPC message.");
}
