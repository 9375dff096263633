import type { HandlerContext } from "@connectrpc/connect";
import {
  type StreamRequest,
  StreamRequestSchema,
  type StreamResponse,
} from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { getPrincipal } from "@millrace/runtime";
import { callerOf } from "../caller.ts";
import { encodeMessage } from "../decoded/encode-message.ts";
import { BATCH_LIMITS } from "../event-limits.ts";
import { userAgentOf } from "../intake.ts";
import { tooLarge } from "../request-body.ts";
import type { StreamDeps } from "./stream-by-hand.ts";
import { StreamSession } from "./stream-session.ts";

/** `Stream` by the library, for Connect and JSON: each message is encoded again, and judged like any other. */
export function createStreamRpc(deps: Omit<StreamDeps, "windows">) {
  return async function stream(
    requests: AsyncIterable<StreamRequest>,
    context: HandlerContext,
  ): Promise<StreamResponse> {
    const caller = await callerOf(getPrincipal(context), deps.snapshot);
    const header = context.requestHeader;
    const session = new StreamSession(
      deps,
      caller,
      userAgentOf(header.has("origin") ? (header.get("user-agent") ?? "") : ""),
    );
    const onAbort = (): void => session.end("DRAINING");
    context.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const messages = requests[Symbol.asyncIterator]();
      while (!session.hasEnded) {
        const next = await Promise.race([messages.next(), session.ended]);
        if (typeof next === "string") break;
        if (next.done === true) session.end("COMPLETE");
        else await take(session, next.value, context.signal);
      }
      return await session.answer();
    } finally {
      context.signal.removeEventListener("abort", onAbort);
      session.close();
    }
  };

  async function take(session: StreamSession, message: StreamRequest, signal: AbortSignal): Promise<void> {
    const bytes = encodeMessage(StreamRequestSchema, message);
    if (bytes.length > BATCH_LIMITS.messageBytes) throw tooLarge(BATCH_LIMITS.messageBytes);
    await deps.admission.whenRoom(bytes.length, signal);
    try {
      void session.take(bytes).then(() => deps.admission.release(bytes.length));
    } catch (thrown) {
      deps.admission.release(bytes.length);
      throw thrown;
    }
  }
}
