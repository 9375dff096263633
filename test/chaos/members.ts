import type { Client } from "@connectrpc/connect";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import type { Mesh, MeshProcess } from "@millrace/harness/mesh";

const ANSWERS_WITHIN_MS = 10_000;

/** Their connections are kept: they are asked often. */
const clients = new WeakMap<MeshProcess, Client<typeof StatusService>>();

/** The partitions that a processing process says it owns, by number. Fails while it does not answer. */
export async function ownedBy(mesh: Mesh, name: string): Promise<number[]> {
  const process = mesh.process(name);
  const client = clients.get(process) ?? mesh.clientOf(name, StatusService);
  clients.set(process, client);
  const { partitions } = await client.getStatus({ localOnly: true }, { timeoutMs: ANSWERS_WITHIN_MS });
  return partitions.map(({ partition }) => partition);
}
