import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type QueryRequest, QueryResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "./dependencies.ts";
import { answerQuery } from "./query/answer.ts";

/** After how long a refused question may be asked again. */
const RETRY_AFTER_MS = 500;

/** ReportingService.Query. */
export function createQuery(deps: Dependencies) {
  let running = 0;
  return async function query(request: QueryRequest, context: HandlerContext) {
    const asked = request.query!;
    const projectId = projectOf(getPrincipal(context), asked.projectId);
    if (running >= deps.limits.queriesMax) throw overloaded(deps.limits.queriesMax);
    running += 1;
    try {
      const { result } = await deps.metrics.measured(asked, "query", () =>
        answerQuery(projectId, asked, deps.clock.now(), context.signal, deps),
      );
      return create(QueryResponseSchema, { result });
    } finally {
      running -= 1;
    }
  };
}

function overloaded(queriesMax: number): Failure {
  const message = `${queriesMax} questions are being answered already; ask again in a moment`;
  return new Failure("exhausted", "OVERLOADED", message, { retryAfterMs: RETRY_AFTER_MS });
}
