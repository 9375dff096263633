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
  const folder = await keptFolder(`${PACKAGE}-${PACKAGE_VERSION}-${KUBERNETES_VERSIONS.join("-")}-whole`, fill);
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
    const part = `/v${version}-local-strict/`;
    const files = [...unzip(readFileSync(wheel), (file) => file.includes(part))];
    const texts = new Map(files.map(([name, content]) => [basename(name), content.toString()]));
    writeSchemas(join(target, `v${version}`), texts);
  }
  await bringBy("rm", ["-r", wheel, venv]);
}

type Schema = {
  readonly $defs?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
};

/** Writes the schema of each kind with what it needs of the others, which are in one file of a megabyte: that takes seconds to read. */
function writeSchemas(folder: string, texts: ReadonlyMap<string, string>): void {
  mkdirSync(folder);
  const { $defs: definitions = {} }: Schema = JSON.parse(texts.get("_definitions.json") ?? "{}");
  for (const [name, text] of texts) {
    const { $id: _, ...schema } = JSON.parse(text.replaceAll("/api/_definitions.json#/$defs/", "#/$defs/"));
    if (schema.properties?.kind === undefined) continue;
    const needed: Record<string, unknown> = {};
    const pending: unknown[] = [schema];
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      for (const [, key] of JSON.stringify(part).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
        if (key === undefined || key in needed) continue;
        needed[key] = definitions[key];
        pending.push(definitions[key]);
      }
    }
    writeFileSync(join(folder, name), JSON.stringify({ ...schema, $defs: needed }));
  }
}
