import type { Image } from "./image.ts";
import { run } from "./run.ts";

/** The name in kind-config.yaml. */
export const CLUSTER = "millrace";

/** What kind calls the cluster in the kubeconfig. */
export const CONTEXT = `kind-${CLUSTER}`;

/** Where both releases are installed. */
export const NAMESPACE = "millrace";

const WHERE = ["--kube-context", CONTEXT, "--namespace", NAMESPACE];

/** Installs both charts, or upgrades them, and waits until everything is ready. */
export function installCharts(helm: string, image: Image): void {
  const settled = ["--wait", "--timeout", "10m"];
  run(helm, ["upgrade", "--install", "millrace-dev", "charts/millrace-dev", ...WHERE, ...settled]);
  const values = ["--values", "charts/millrace-dev/millrace-values.yaml"];
  const ofImage = ["--set", `image.repository=${image.repository}`, "--set-string", `image.tag=${image.tag}`];
  run(helm, ["upgrade", "--install", "millrace", "charts/millrace", ...WHERE, ...values, ...ofImage, ...settled]);
}

/** Sends events, duplicates included, and compares the report with what they add up to. */
export function testRelease(helm: string): void {
  run(helm, ["test", "millrace", ...WHERE, "--logs", "--timeout", "6m"]);
}
