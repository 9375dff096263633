import { toJsonString } from "@bufbuild/protobuf";
import { type SendResponse, SendResponseSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { Failure } from "@millrace/failure";
import { type AnyRequest, type AnyResponse, type Call, type RawHandler, writeAnswer } from "@millrace/runtime";
import type { Admission } from "../admission.ts";
import { type IngestSnapshot, readCaller } from "../caller.ts";
import { readJsonBatch } from "../decoded/json-batch.ts";
import { BATCH_LIMITS } from "../event-limits.ts";
import { userAgentOf } from "../intake.ts";
import { decompress, readBody } from "../request-body.ts";
import { type SendDeps, sendBatch } from "../send/send-batch.ts";
import { withStatusOfHttp } from "./status-of-http.ts";

/** What the two paths for people and browsers need. */
export type HttpDeps = SendDeps & { readonly admission: Admission; readonly snapshot: IngestSnapshot };

const RETRY_AFTER_SECONDS = "1";

/**
 * `POST /v1/events`: one JSON event, an array, a SendRequest, or NDJSON; gzip is understood. Answers 202 with a
 * SendResponse when any event was accepted, 409 for a single duplicate, 429 when events are to be sent again and none
 * was accepted, 400 when none is valid.
 */
export function createPostEvents(deps: HttpDeps): RawHandler {
  return withStatusOfHttp(async function postEvents(request, response, call) {
    refuseMethod(request, response);
    const browserAgent = request.headers.origin === undefined ? undefined : request.headers["user-agent"];
    const sent = await takeBody(deps, request, call, { userAgent: browserAgent });
    const status = statusOf(sent);
    call.code = status === 202 ? "ok" : `http_${status}`;
    const headers = {
      "content-type": "application/json",
      ...(status === 429 ? { "retry-after": RETRY_AFTER_SECONDS } : {}),
    };
    writeAnswer(response, { status, headers, body: toJsonString(SendResponseSchema, sent) });
  });
}

/**
 * `POST /v1/beacon`: the same body as `navigator.sendBeacon` sends it (text/plain, so that no preflight is needed), the
 * key in the query parameter `key`. Few read the answer, so it is 204 where nothing is left to be done: every event is
 * accepted, a duplicate, or rejected among others that are not. Any other answer is that of `POST /v1/events`; a page that
 * lives on may then send all of them again.
 */
export function createPostBeacon(deps: HttpDeps): RawHandler {
  return withStatusOfHttp(async function postBeacon(request, response, call) {
    refuseMethod(request, response);
    const how = { userAgent: request.headers["user-agent"], keyParameter: "key", isWebPage: true };
    const sent = await takeBody(deps, request, call, how);
    const status = statusOf(sent);
    call.code = status === 202 || status === 409 ? "ok" : `http_${status}`;
    const isSettled = call.code === "ok" && sent.retryCount === 0;
    if (isSettled) return writeAnswer(response, { status: 204, headers: {} });
    const headers = { "content-type": "application/json" };
    writeAnswer(response, { status, headers, body: toJsonString(SendResponseSchema, sent) });
  });
}

async function takeBody(
  deps: HttpDeps,
  request: AnyRequest,
  call: Call,
  how: {
    readonly userAgent: string | undefined;
    readonly keyParameter?: string;
    /** Whether only web pages come this way, whatever their key. */
    readonly isWebPage?: boolean;
  },
): Promise<SendResponse> {
  const caller = await readCaller(request, deps.snapshot, how.keyParameter);
  const compression = request.headers["content-encoding"] ?? "identity";
  if (compression !== "identity" && compression !== "gzip") {
    throw new Failure("invalid", "CONTENT_TYPE_UNSUPPORTED", "The content encoding must be gzip or none.");
  }
  const { bytes, admitted } = await readBody(request, BATCH_LIMITS.bodyBytes, deps.admission);
  let held = admitted;
  try {
    let body = bytes;
    if (compression === "gzip") {
      deps.admission.take(BATCH_LIMITS.bodyBytes);
      held += BATCH_LIMITS.bodyBytes;
      body = await decompress(bytes, BATCH_LIMITS.bodyBytes);
    }
    const read = readJsonBatch(body, "events");
    const address = how.isWebPage === true || caller.isWebPage ? call.clientAddress() : undefined;
    return await sendBatch(deps, { ...read, caller, userAgent: userAgentOf(how.userAgent), address });
  } finally {
    deps.admission.release(held);
  }
}

function statusOf(sent: SendResponse): number {
  if (sent.acceptedCount > 0) return 202;
  if (sent.retryCount > 0) return 429;
  if (sent.duplicateCount === 0) return 400;
  // A single duplicate is worth telling; a batch of them was simply sent again.
  return sent.duplicateCount === 1 && sent.rejectedCount === 0 ? 409 : 202;
}

function refuseMethod(request: AnyRequest, response: AnyResponse): void {
  if (request.method === "POST") return;
  response.setHeader("allow", "POST");
  throw new Failure("unimplemented", "METHOD_UNKNOWN", "Only POST is understood here.");
}
