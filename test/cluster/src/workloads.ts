import { until } from "@millrace/harness/until";
import type { Cluster, Resource } from "./cluster.ts";
import { podsOf, RELEASE } from "./cluster-installation.ts";

/** Every service of the chart. */
export const SERVICES = ["ingest", "processing", "config", "reporting", "dashboard"] as const;

/** The names of a service's pods that are ready and stay. */
export async function readyPods(cluster: Cluster, service: string): Promise<string[]> {
  const pods = await cluster.list("pods", podsOf(service));
  return pods.filter(isReady).map(({ metadata }) => metadata.name);
}

/** The ids of all pods by service: a pod that was replaced has another. */
export async function podIds(cluster: Cluster): Promise<Record<string, string[]>> {
  const entries = SERVICES.map(async (service) => {
    const pods = (await cluster.list("pods", podsOf(service))).filter(isReady);
    return [service, pods.map(({ metadata }) => metadata.uid).sort()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Waits until a service has so many pods that are ready, and none on its way out. */
export async function untilPods(cluster: Cluster, service: string, count: number, withinMs = 120_000): Promise<void> {
  const look = async () => {
    const pods = await cluster.list("pods", podsOf(service));
    return pods.length === count && pods.every(isReady);
  };
  await until(`${service} has ${count} pods`, look, { withinMs, everyMs: 500 });
}

/** Waits until a pod is gone; gives how long that took, in milliseconds. */
export async function untilGone(cluster: Cluster, pod: string, withinMs = 120_000): Promise<number> {
  const startMs = performance.now();
  const look = async () => /NotFound/.test((await cluster.tryKubectl("get", "pod", pod)).stderr);
  await until(`${pod} is gone`, look, { withinMs, everyMs: 250 });
  return performance.now() - startMs;
}

/** Waits until a service's budget lets a pod go. */
export async function untilDisruptable(cluster: Cluster, service: string): Promise<void> {
  const look = async () => {
    const { status } = await cluster.get("poddisruptionbudget", `${RELEASE}-${service}`);
    return Number(status?.["disruptionsAllowed"]) > 0;
  };
  await until(`the budget of ${service} lets a pod go`, look, { withinMs: 120_000, everyMs: 250 });
}

function isReady({ metadata, status }: Resource): boolean {
  const conditions = (status?.["conditions"] ?? []) as { type: string; status: string }[];
  const ready = conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
  return ready && metadata.deletionTimestamp === undefined;
}
