import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { findProgram } from "../servers/machine.ts";
import { bringBy, installationLog, keptFolder } from "./kept-folder.ts";
import { unzip } from "./unzip.ts";

/** A package of PyPI that holds the JSON schemas of Kubernetes 1.25 to 1.37. */
const PACKAGE = "kubernetes-validate";
const PACKAGE_VERSION = "1.37.0";

/** The versions of Kubernetes that there are schemas for: the oldest that the chart promises, the one of most clusters, the newest. */
export const KUBERNETES_VERSIONS = ["1.30.0", "1.34.0", "1.37.0"] as const;

/**
 * The location of the schemas for kubeconform's `-schema-location`: a template of Go for the path of a kind's schema.
 * They are strict: a field that Kubernetes does not know is refused.
 */
export async function kubernetesSchemas(): Promise<string> {
  const folder = await keptFolder(`${PACKAGE}-${PACKAGE_VERSION}-${KUBERNETES_VERSIONS.join("-")}`, fill);
  return join(folder, "{{ .NormalizedKubernetesVersion }}", "{{ .ResourceKind }}{{ .KindSuffix }}.json");
}

async function fill(target: string): Promise<void> {
  const python = await findProgram("python3", "python3-venv", installationLog());
  const venv = join(target, "venv");
  await bringBy(python, ["-m", "venv", venv]);
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", target];
  await bringBy(join(venv, "bin/python"), [...pip, `${PACKAGE}==${PACKAGE_VERSION}`]);
  const wheel = globSync(join(target, "*.whl"))[0];
  if (wheel === undefined) throw new Error(`pip brought no wheel of ${PACKAGE}`);
  for (const version of KUBERNETES_VERSIONS) {
    const folder = join(target, `v${version}`);
    mkdirSync(folder);
    const part = `/v${version}-local-strict/`;
    for (const [name, content] of unzip(readFileSync(wheel), (file) => file.includes(part))) {
      writeFileSync(join(folder, basename(name)), content);
    }
  }
  await bringBy("rm", ["-r", wheel, venv]);
}
