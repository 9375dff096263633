import { join } from "node:path";
import { findProgram } from "../servers/machine.ts";
import { bringBy, installationLog, keptFolder } from "./kept-folder.ts";

/** The newest that Go 1.19, which Debian 12 has, can build. */
const KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.6.0";

/** kubeconform, which holds manifests against the JSON schemas of Kubernetes. */
export async function bringKubeconform(): Promise<string> {
  const folder = await keptFolder(`kubeconform-${KUBECONFORM.split("@")[1]}`, async (target) => {
    const go = await findProgram("go", "golang-go", installationLog());
    // Without symbols: they double the time to link.
    await bringBy(go, ["install", "-ldflags=-s -w", KUBECONFORM], { env: { GOBIN: target, GOFLAGS: "-mod=mod" } });
  });
  return join(folder, "kubeconform");
}
