import type { GetDefinitionsRequest } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import type { Dependencies } from "../dependencies.ts";

/** Makes the handler of SnapshotService.GetDefinitions. */
export function createGetDefinitions({ projects }: Dependencies) {
  return async function getDefinitions({ projectId, revision }: GetDefinitionsRequest) {
    const { definitions, servedGeneration } = await projects.get(projectId);
    if (revision === 0n || revision === definitions.revision) return { definitions, servedGeneration };
    return { definitions: await projects.revision(projectId, revision), servedGeneration };
  };
}
