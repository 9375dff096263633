import type { HandlerContext } from "@connectrpc/connect";
import type { ListRollupsRequest } from "@millrace/api/millrace/config/v1/rollup_service_pb";
import { getPrincipal, projectOf } from "@millrace/runtime";
import { byName } from "../by-name.ts";
import type { Dependencies } from "../dependencies.ts";

/** Makes the handler of RollupService.ListRollups. */
export function createListRollups({ projects }: Dependencies) {
  return async function listRollups(request: ListRollupsRequest, context: HandlerContext) {
    const { definitions } = await projects.get(projectOf(getPrincipal(context), request.projectId));
    return { rollups: definitions.rollups.toSorted(byName) };
  };
}
