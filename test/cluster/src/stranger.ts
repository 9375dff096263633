import type { Cluster } from "./cluster.ts";

/** A pod that belongs to nobody, to try what it may reach. */
export async function startStranger(cluster: Cluster, image: string): Promise<string> {
  const name = "stranger";
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const args = ["--eval", "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e6)"];
  await cluster.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [{ name, image, imagePullPolicy: "IfNotPresent", args, securityContext }],
    },
  });
  await cluster.kubectl("wait", `pod/${name}`, "--for=condition=Ready", "--timeout=60s");
  return name;
}

const CONNECT = `
const socket = require("node:net").connect(PORT, "HOST");
socket.on("connect", () => end("reached"));
socket.on("error", (error) => end(error.code));
setTimeout(end, 3000, "silence");
function end(how) { process.stdout.write(how); process.exit(); }`;

/** What becomes of a connection from a pod to a host and port: "reached", "silence" of what is filtered, or an error's code. */
export async function tryToReach(cluster: Cluster, pod: string, host: string, port: number): Promise<string> {
  const { stdout, stderr } = await cluster.node(pod, CONNECT.replace("HOST", host).replace("PORT", String(port)));
  return stdout || stderr;
}
