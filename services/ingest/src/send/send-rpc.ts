import type { HandlerContext } from "@connectrpc/connect";
import {
  type SendRequest,
  SendRequestSchema,
  type SendResponse,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { callKey, getPrincipal } from "@millrace/runtime";
import type { Admission } from "../admission.ts";
import { callerOf, type IngestSnapshot } from "../caller.ts";
import { encodeMessage } from "../decoded/encode-message.ts";
import { userAgentOf } from "../intake.ts";
import { readSendRequest } from "../scan/batch-frame.ts";
import { type SendDeps, sendBatch } from "./send-batch.ts";

/** `Send` by the library, for what is not taken by hand: the message is encoded again, and judged like any other. */
export function createSendRpc(deps: SendDeps & { admission: Admission; snapshot: IngestSnapshot }) {
  return async function send(request: SendRequest, context: HandlerContext): Promise<SendResponse> {
    const caller = await callerOf(getPrincipal(context), deps.snapshot);
    const bytes = encodeMessage(SendRequestSchema, request);
    const header = context.requestHeader;
    deps.admission.take(bytes.length);
    try {
      const userAgent = userAgentOf(header.has("origin") ? (header.get("user-agent") ?? "") : "");
      const address = caller.isWebPage ? (context.values.get(callKey)?.clientAddress() ?? "") : undefined;
      return await sendBatch(deps, { frame: readSendRequest(bytes), caller, userAgent, address });
    } finally {
      deps.admission.release(bytes.length);
    }
  };
}
