import { execFile } from "node:child_process";
import { cpSync, globSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../servers/machine.ts";
import { installationLog, keptFolder } from "./kept-folder.ts";

/** Where projects publish the definitions of the resources that the chart makes for them: folders of their Go modules. */
const SOURCES = [
  {
    module: "sigs.k8s.io/gateway-api",
    version: "v1.4.0",
    files: "config/crd/experimental/gateway.networking.k8s.io_*.yaml",
  },
  { module: "github.com/kedacore/keda/v2", version: "v2.18.1", files: "config/crd/bases/keda.sh_*.yaml" },
  { module: "github.com/cert-manager/cert-manager", version: "v1.19.1", files: "deploy/crds/cert-manager.io_*.yaml" },
  {
    module: "github.com/prometheus-operator/prometheus-operator",
    version: "v0.85.0",
    files: "example/prometheus-operator-crd/monitoring.coreos.com_{prometheusrules,servicemonitors}.yaml",
  },
];

/** Files with the definitions of custom resources, as their projects publish them: Gateway API, KEDA, cert-manager, Prometheus. */
export async function customResourceDefinitions(): Promise<string[]> {
  const versions = SOURCES.map(({ version }) => version).join("-");
  return globSync(join(await keptFolder(`custom-resource-definitions-${versions}`, fill), "*.yaml"));
}

async function fill(target: string): Promise<void> {
  const go = await findProgram("go", "golang-go", installationLog());
  for (const { module, version, files } of SOURCES) {
    const { stdout } = await promisify(execFile)(go, ["mod", "download", "-json", `${module}@${version}`], {
      cwd: target,
    });
    const found = globSync(join(JSON.parse(stdout).Dir, files));
    if (found.length === 0) throw new Error(`${module}@${version} has no ${files}`);
    for (const file of found) cpSync(file, join(target, basename(file)));
  }
}
