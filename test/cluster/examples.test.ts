/** What a real apiserver says of the chart's example values: every field known, every value allowed, every pod restricted. */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { Cluster } from "./src/cluster.ts";
import { CHART } from "./src/release-values.ts";

const NAMESPACE = "millrace-examples";
let cluster: Cluster;
let known: ReadonlySet<string>;

beforeAll(async () => {
  cluster = await Cluster.connect(NAMESPACE);
  const labels = Object.fromEntries(
    ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
  await cluster.begin(labels);
  const lines = (await cluster.kubectl("api-resources", "--no-headers")).split("\n");
  known = new Set(lines.map((line) => line.trim().split(/\s+/)).map((words) => `${words.at(-3)} ${words.at(-1)}`));
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
  for (const resource of documents) {
    if (known.has(`${resource.apiVersion} ${resource.kind}`)) own.push(resource);
    else foreign.push(resource.kind);
  }
  // A pod is only taken where its account is.
  await cluster.apply(...own.filter(({ kind }) => kind === "ServiceAccount"));
  const { code, stdout, stderr } = await cluster.dryRun(...own);
  expect([code, stderr]).toEqual([0, ""]);
  const taken = stdout.trim().split("\n").length;
  expect(taken).toBe(own.length);
  const others = [...new Set(foreign)].join(", ");
  process.stdout.write(`  ${name}: ${taken} resources taken; of kinds that this cluster lacks: ${others || "none"}\n`);
});
