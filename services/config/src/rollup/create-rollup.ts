import { clone } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { Definitions } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type Rollup, RollupSchema } from "@millrace/api/millrace/config/v1/rollup_pb";
import type { CreateRollupRequest } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { Failure } from "@millrace/failure";
import { FIRST_OWN_NUMBER } from "@millrace/rollup";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { hintAt } from "../nearest.ts";
import { revise } from "../project/next-revision.ts";
import { checkRollup } from "./check-rollup.ts";

const ROLLUPS_MAX = 100;

/** Makes the handler of RollupService.CreateRollup. */
export function createCreateRollup({ projects, clock, processingVersion }: Dependencies) {
  return async function createRollup(request: CreateRollupRequest, context: HandlerContext) {
    const projectId = projectOf(getPrincipal(context), request.rollup!.projectId);
    const checked = checkRollup(request.rollup!);
    const { definitions } = await projects.change(projectId, (before) => {
      const nowMs = clock();
      checkMetricsExist(checked, before.definitions);
      const rollup = numbered(checked, before.definitions, nowMs);
      return revise(before, { nowMs, processingVersion }, (next) => {
        next.rollups.push(rollup);
      });
    });
    return { rollup: definitions.rollups.find(({ name }) => name === checked.name)! };
  };
}

function checkMetricsExist(rollup: Rollup, { metrics }: Definitions): void {
  const names = metrics.map(({ name }) => name);
  rollup.metrics.forEach((name, i) => {
    if (names.includes(name)) return;
    const field = `rollup.metrics[${i}]`;
    const description = `there is no metric ${JSON.stringify(name)}; ${hintAt(name, names)}`;
    const violations = [{ field, description }];
    throw new Failure("notFound", "METRIC_NOT_FOUND", `${field}: ${description}`, { violations });
  });
}

function numbered(checked: Rollup, { projectId, rollups }: Definitions, nowMs: number): Rollup {
  if (rollups.some(({ name }) => name === checked.name)) {
    const message = `project ${JSON.stringify(projectId)} has a rollup ${JSON.stringify(checked.name)} already`;
    throw new Failure("exists", "ROLLUP_EXISTS", message);
  }
  if (rollups.length >= ROLLUPS_MAX) {
    const message = `project ${JSON.stringify(projectId)} has ${rollups.length} rollups; ${ROLLUPS_MAX} is the limit`;
    throw new Failure("precondition", "LIMIT_REACHED", message);
  }
  const rollup = clone(RollupSchema, checked);
  rollup.projectId = projectId;
  // Rollups are never removed, so the next number was never used.
  rollup.number = Math.max(FIRST_OWN_NUMBER - 1, ...rollups.map(({ number }) => number)) + 1;
  rollup.createTime = timestampFromMs(nowMs);
  return rollup;
}
