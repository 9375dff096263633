import type { Cluster } from "./cluster.ts";

/** What the environment says of the cluster; test/cluster/README.md has the list. */
export const GIVEN = {
  image: () =>
    required("MILLRACE_CLUSTER_IMAGE", "the image, as repository:tag; npm run test:cluster builds and sets it"),
  host: () => required("MILLRACE_CLUSTER_HOST", "an address of this machine that pods reach"),
  archive: () => process.env["MILLRACE_CLUSTER_ARCHIVE"],
  namespace: () => process.env["MILLRACE_CLUSTER_NAMESPACE"] ?? "millrace-test",
  upgrades: () => Number(process.env["MILLRACE_CLUSTER_UPGRADES"] ?? 20),
};

/** The address of a node, where this machine reaches ports of nodes: as told, or as the node says itself. */
export async function nodeAddress(cluster: Cluster): Promise<string> {
  const told = process.env["MILLRACE_CLUSTER_NODE"];
  if (told) return told;
  const [node] = await cluster.list("nodes");
  const addresses = node?.status?.["addresses"] as { type: string; address: string }[] | undefined;
  const found = addresses?.find(({ type }) => type === "InternalIP")?.address;
  if (found === undefined) throw new Error("no node tells its address: set MILLRACE_CLUSTER_NODE");
  return found;
}

function required(name: string, what: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: ${what}`);
  return value;
}
