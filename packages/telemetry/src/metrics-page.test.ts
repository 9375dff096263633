import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type MetricName, metricDeclaration } from "./metric-name.ts";
import { METRICS } from "./metrics.ts";
import { metricsPage } from "./metrics-page.ts";
import { prometheusName } from "./prometheus-name.ts";

const NAMES = Object.keys(METRICS) as MetricName[];

describe("docs/metrics.md", () => {
  it("says what is declared: after a change, run npm run generate:metrics", () => {
    const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
    expect(page).toBe(metricsPage());
  });
});

describe("each metric", () => {
  it.each(NAMES)("%s has a name by the conventions, a unit, and a sentence", (name) => {
    const { unit, meaning, kind, from } = metricDeclaration(name);
    expect(name).toMatch(/^(millrace|rpc|process|nodejs)(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$/);
    // The unit is said beside the name, and the kind by neither.
    expect(name).not.toMatch(/(_|\.)(total|seconds|bytes|ratio)$/);
    expect(unit).toMatch(/^(s|By|1|\{[a-z]+\})$/);
    expect(meaning).toMatch(/^[A-Z0-9].*\.$/);
    expect(from.length).toBeGreaterThan(0);
    if (kind === "histogram") expect(metricDeclaration(name).buckets?.length).toBeGreaterThan(3);
  });

  it.each(NAMES)("%s has attributes that are bounded", (name) => {
    for (const { values, bound } of metricDeclaration(name).attributes) {
      expect(values === undefined ? bound : values.length).toBeTruthy();
    }
  });

  it("has a name of its own in Prometheus, which is not the beginning of another's parts", () => {
    const shown = NAMES.map((name) => prometheusName(name, METRICS[name]));
    expect(new Set(shown).size).toBe(NAMES.length);
    const parts = shown.flatMap((name) => ["bucket", "sum", "count"].map((part) => `${name}_${part}`));
    const histograms = NAMES.filter((name) => METRICS[name].kind === "histogram");
    const taken = histograms.flatMap((name) =>
      parts.filter((part) => part.startsWith(prometheusName(name, METRICS[name]))),
    );
    expect(shown.filter((name) => taken.includes(name))).toEqual([]);
  });
});
