import { setTimeout } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type TailRequest, TailResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "./dependencies.ts";

const LONG_MS = 2 ** 30;

/** ReportingService.Tail. */
export function createTail(deps: Dependencies) {
  return async function* tail(request: TailRequest, context: HandlerContext) {
    projectOf(getPrincipal(context), request.projectId);
    const signal = AbortSignal.any([context.signal, deps.draining]);
    yield create(TailResponseSchema, {});
    try {
      await setTimeout(LONG_MS, undefined, { signal });
    } catch {
      throw signal.reason;
    }
  };
}
