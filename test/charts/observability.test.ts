/** The dashboards and rules that the chart brings, as a cluster gets them. */
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { tool } from "@millrace/harness/tools";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { CHART, LEAST, Release, rendered } from "./src/release.ts";

const NOWHERE = "https://millrace.example/docs/runbooks.md";
const RUNBOOKS = "https://wiki.example.org/on-call/millrace";

const watched = new Release(
  rendered([], {
    ...LEAST,
    prometheusRule: { enabled: true },
    grafanaDashboards: { enabled: true },
    runbooksUrl: RUNBOOKS,
  }),
);

describe("rules and dashboards of the chart", () => {
  it("are left out unless they are asked for", () => {
    const plain = new Release(rendered([], LEAST));
    expect(plain.all("PrometheusRule")).toEqual([]);
    expect(plain.all("ConfigMap").filter(({ metadata }) => metadata.name.includes("dashboard-"))).toEqual([]);
  });

  it.each(["recordings", "alerts"])("have the %s as they were made, with the address of one's own runbooks", (name) => {
    const text = readFileSync(join(CHART, `files/rules/${name}.yaml`), "utf8");
    expect(watched.one("PrometheusRule", name).spec).toEqual(parse(text.replaceAll(NOWHERE, RUNBOOKS)));
  });

  it("are understood by Prometheus when Helm has filled them in", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-rules-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const { metadata, spec } of watched.all("PrometheusRule")) {
      writeFileSync(join(folder, `${metadata.name}.yaml`), stringify(spec));
    }
    const promtool = await tool("promtool");
    const output = execFileSync(promtool, ["check", "rules", ...globSync("*.yaml", { cwd: folder })], { cwd: folder });
    expect(output.toString()).toContain("SUCCESS");
  });

  it.each(globSync("files/dashboards/*.json", { cwd: CHART }).sort())(
    "have %s as it was made, in a ConfigMap",
    (path) => {
      const name = basename(path, ".json").replace("millrace-", "dashboard-");
      const { data, metadata } = watched.one("ConfigMap", name);
      const text = readFileSync(join(CHART, path), "utf8").replaceAll(NOWHERE, RUNBOOKS);
      expect(Object.keys(data)).toEqual([basename(path)]);
      expect(JSON.parse(data[basename(path)])).toEqual(JSON.parse(text));
      expect(metadata.labels).toMatchObject({ grafana_dashboard: "1" });
      // Kubernetes takes no larger ConfigMap.
      expect(text.length).toBeLessThan(1_000_000);
    },
  );
});
