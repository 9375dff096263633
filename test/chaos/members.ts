import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Mesh } from "@millrace/harness/mesh";

/** The partitions that a processing process says it owns, by number. Fails while it does not answer. */
export async function ownedBy(mesh: Mesh, name: string): Promise<number[]> {
  const client = mesh.clientOf(name, StatusService);
  const { partitions } = await client.getStatus({ localOnly: true }, { timeoutMs: 2_000 });
  return partitions.map(({ partition }) => partition);
}
