import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { parse, stringify } from "yaml";
import { createApiKey } from "../../packages/credential/src/index.ts";
import { root } from "../step.ts";
import { CLUSTER, CONTEXT, NAMESPACE } from "./releases.ts";
import { answerOf, run } from "./run.ts";

/** A port of a node that this machine shows. */
type PortMapping = { readonly containerPort: number; readonly hostPort: number; readonly listenAddress: string };

/** The ports that a cluster's configuration shows on this machine. */
export function shownPorts(config: string): PortMapping[] {
  const { nodes }: { nodes: readonly { readonly extraPortMappings?: readonly PortMapping[] }[] } = parse(
    readFileSync(resolve(root, config), "utf8"),
  );
  return nodes.flatMap(({ extraPortMappings = [] }) => extraPortMappings);
}

/** Makes the cluster where there is none, and makes sure that one that is there answers. */
export async function ensureCluster(
  { kind, kubectl }: { readonly kind: string; readonly kubectl: string },
  config: string,
): Promise<void> {
  const clusters = answerOf(kind, ["get", "clusters"])?.split("\n") ?? [];
  if (!clusters.includes(CLUSTER)) {
    await refuseTakenPorts(config);
    run(kind, ["create", "cluster", "--config", config, "--wait", "180s"]);
    return;
  }
  run(kind, ["export", "kubeconfig", "--name", CLUSTER]);
  if (answerOf(kubectl, ["--context", CONTEXT, "--request-timeout", "20s", "get", "nodes"]) === undefined) {
    throw new Error(
      `the cluster ${CLUSTER} is there, but does not answer. Its containers may be stopped (docker start ` +
        `$(docker ps --all --quiet --filter label=io.x-k8s.kind.cluster=${CLUSTER})); or delete it: npm run kind -- --delete`,
    );
  }
}

/** Makes the namespace, which admits restricted pods alone, and the keys, where there are none yet. */
export function prepareNamespace(kubectl: string, context: string): void {
  const where = ["--context", context, "--namespace", NAMESPACE];
  const level = Object.fromEntries(
    ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: level } };
  run(kubectl, ["--context", context, "apply", "--filename", "-"], stringify(namespace));
  if (answerOf(kubectl, [...where, "get", "secret", "millrace-keys"]) !== undefined) return;
  const keys = {
    "service-key": `mlr_service_${randomBytes(32).toString("hex")}`,
    "admin-key": createApiKey(randomBytes).text,
  };
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "millrace-keys" }, stringData: keys };
  // Not "apply", which would keep the keys in an annotation as well.
  run(kubectl, [...where, "create", "--filename", "-"], stringify(secret));
}

/** kind itself would say so only after minutes, and leave half a cluster. */
async function refuseTakenPorts(config: string): Promise<void> {
  for (const { hostPort, listenAddress } of shownPorts(config)) {
    const server = createServer();
    try {
      server.listen(hostPort, listenAddress);
      await once(server, "listening");
    } catch (cause) {
      throw new Error(
        `${listenAddress}:${hostPort} is taken: end what listens there, or name by --config a copy of ${config} with another hostPort`,
        { cause },
      );
    } finally {
      server.close();
    }
  }
}
