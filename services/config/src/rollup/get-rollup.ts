import type { HandlerContext } from "@connectrpc/connect";
import type { GetRollupRequest } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { Failure } from "@millrace/failure";
import { getPrincipal, projectOf } from "@millrace/runtime";
import type { Dependencies } from "../dependencies.ts";
import { hintAt } from "../nearest.ts";

/** Makes the handler of RollupService.GetRollup. */
export function createGetRollup({ projects }: Dependencies) {
  return async function getRollup({ projectId, name }: GetRollupRequest, context: HandlerContext) {
    const { rollups } = (await projects.get(projectOf(getPrincipal(context), projectId))).definitions;
    const rollup = rollups.find((candidate) => candidate.name === name);
    if (rollup !== undefined) return { rollup };
    const names = rollups.map((candidate) => candidate.name);
    throw new Failure(
      "notFound",
      "ROLLUP_NOT_FOUND",
      `there is no rollup ${JSON.stringify(name)}; ${hintAt(name, names)}`,
    );
  };
}
