/** What a real apiserver says of the chart's example values: every field known, every value allowed, every pod restricted. */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { customResourceDefinitions } from "@millrace/harness/tools";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { Cluster } from "./src/cluster.ts";
import { CHART } from "./src/release-values.ts";

const NAMESPACE = "millrace-examples";
let cluster: Cluster;

/** What is said of the version that gateways before Gateway API 1.4 have, which one example asks for by name. */
const FORMER_BACKEND_TLS = /^Warning: The v1alpha3 version of BackendTLSPolicy has been deprecated .+\n/;

/** Whether the cluster may be given the definitions of what it lacks: it is ours, and goes with them. */
const isOurs = process.env["MILLRACE_CLUSTER_OWN"] === "yes";

beforeAll(async () => {
  cluster = await Cluster.connect(NAMESPACE);
  if (isOurs) await cluster.define(await customResourceDefinitions());
  const labels = Object.fromEntries(
    ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
  await cluster.begin(labels);
});
afterAll(() => cluster?.end());

const examples = globSync(join(CHART, "{examples,ci}/*.yaml"));

it("there are examples", () => expect(examples.length).toBeGreaterThanOrEqual(3));

it.each(examples.map((path) => [basename(path), path]))("an apiserver takes %s", async (name, path) => {
  const rendered = await cluster.helm("template", "millrace", CHART, "--values", path);
  const documents = parseAllDocuments(rendered)
    .map((document) => document.toJS())
    .filter((resource) => resource !== null);
  const [own, foreign] = [[] as { kind: string }[], [] as string[]];
  const known = await cluster.kinds(new Set(documents.map(({ apiVersion }) => apiVersion)));
  for (const resource of documents) {
    if (known.has(`${resource.apiVersion} ${resource.kind}`)) own.push(resource);
    else foreign.push(resource.kind);
  }
  // A pod is only taken where its account is.
  await cluster.apply(...own.filter(({ kind }) => kind === "ServiceAccount"));
  const { code, stdout, stderr } = await cluster.dryRun(...own);
  expect([code, stderr.replace(FORMER_BACKEND_TLS, "")]).toEqual([0, ""]);
  const taken = stdout.trim().split("\n").length;
  expect(taken).toBe(own.length);
  const others = [...new Set(foreign)].join(", ");
  if (isOurs) expect(others).toBe("");
  process.stdout.write(`  ${name}: ${taken} resources taken; of kinds that this cluster lacks: ${others || "none"}\n`);
});
