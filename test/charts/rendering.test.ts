/** charts/millrace as Helm renders it from the example values: nothing is started for that. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CHECKOUT } from "@millrace/harness";
import { KUBERNETES_VERSIONS, kubernetesSchemas, tool } from "@millrace/harness/tools";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CHART, LEAST, lint, Release, rendered } from "./src/release.ts";

const FILES = globSync(join(CHART, "{examples,ci}/*.yaml")).sort();
const named = FILES.map((path) => [basename(path, ".yaml"), path] as const);
const texts = new Map(named.map(([name, path]) => [name, rendered([path])]));

/** Of custom resources Kubernetes has no schema. */
const CUSTOM = [
  "BackendTLSPolicy",
  "Certificate",
  "GRPCRoute",
  "Gateway",
  "HTTPRoute",
  "PrometheusRule",
  "ScaledObject",
  "ServiceMonitor",
  "TriggerAuthentication",
];

describe.each(named)("the values of %s", (name, path) => {
  it.each(["helm", "helm3"] as const)("have nothing that lint --strict of %s complains of", async (program) => {
    expect(lint(await tool(program), path)).toContain("0 chart(s) failed");
  });

  it("render the same by Helm 3 and by Helm 4", async () => {
    expect(rendered([path], {}, await tool("helm3"))).toBe(texts.get(name));
  });

  it("render what golden holds", async () => {
    // After a change that is meant: npx vitest run test/charts --update
    await expect(withoutFiles(texts.get(name)!)).toMatchFileSnapshot(`golden/millrace-${name}.yaml`);
  });
});

it.each(KUBERNETES_VERSIONS)("is what Kubernetes %s takes, whatever the values", async (version) => {
  const input = [rendered([], LEAST), ...texts.values()].join("\n---\n");
  const options = ["-strict", "-summary", "-output", "json", "-skip", CUSTOM.join(",")];
  const args = [...options, "-schema-location", await kubernetesSchemas(), "-kubernetes-version", version];
  const { stdout } = spawnSync(await tool("kubeconform"), args, { input, encoding: "utf8" });
  const { resources, summary } = JSON.parse(stdout);
  expect(resources ?? []).toEqual([]);
  expect(summary).toMatchObject({ invalid: 0, errors: 0 });
  expect(summary.valid).toBeGreaterThan(100);
});

it("is refused by a schema where a field is wrong, so that the check above checks", async () => {
  const input = rendered([], LEAST).replace("minReadySeconds: 15", "minReadySecond: 15");
  const args = ["-strict", "-schema-location", await kubernetesSchemas(), "-kubernetes-version", "1.34.0"];
  const { status, stdout } = spawnSync(await tool("kubeconform"), args, { input, encoding: "utf8" });
  expect([status, stdout]).toEqual([1, expect.stringContaining("minReadySecond")]);
});

it("has no custom resource but where it was asked for", () => {
  const kinds = new Release(rendered([], LEAST)).manifests.map(({ kind }) => kind);
  expect(CUSTOM.filter((kind) => kinds.includes(kind))).toEqual([]);
  const all = new Release(texts.get("everything")!).manifests.map(({ kind }) => kind);
  expect(CUSTOM.filter((kind) => !all.includes(kind))).toEqual([]);
});

it("makes no thing twice, and none in another namespace", () => {
  for (const text of texts.values()) {
    const { manifests } = new Release(text);
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of manifests) {
      if (metadata.name !== "mr-more") expect(metadata.namespace, `${kind} ${metadata.name}`).toBe("analytics");
    }
  }
});

it("keeps names within what DNS allows, however long the release's is", () => {
  const { manifests } = new Release(rendered([], { ...LEAST, fullnameOverride: "m".repeat(60) }));
  for (const { metadata } of manifests) expect(metadata.name.length).toBeLessThanOrEqual(63);
});

it("is of the release that the project is", () => {
  const { version, appVersion } = parse(readFileSync(join(CHART, "Chart.yaml"), "utf8"));
  const project = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8"));
  expect([version, appVersion]).toEqual([project.version, project.version]);
});

/** Dashboards and rules are made elsewhere, and held to their sources there. */
function withoutFiles(text: string): string {
  return text
    .split(/^---\n/m)
    .filter((document) => !/^# Source: millrace\/templates\/(grafana-dashboards|prometheusrule)\.yaml$/m.test(document))
    .join("---\n");
}
