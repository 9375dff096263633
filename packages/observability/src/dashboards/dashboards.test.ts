import { METRICS, type MetricName } from "@millrace/telemetry";
import { beforeAll, describe, expect, it } from "vitest";
import type { DashboardSource, Panel } from "../grafana/panel.ts";
import { renderDashboard } from "../grafana/render-dashboard.ts";
import { labelsOf, namesInPromql } from "../names-in-promql.ts";
import { ALERTS, RECORDING_GROUPS } from "../rules/index.ts";
import { renderRules } from "../rules/render-rules.ts";
import { bringPromtool, folderOf, promtool } from "../test-promtool.ts";
import { DASHBOARDS } from "./index.ts";

/** What scrapers and the exporter add to every series. */
const TARGET_LABELS = ["namespace", "job", "instance", "service_name", "service_version", "le"];

const everyPanel = DASHBOARDS.flatMap((dashboard) =>
  panelsOf(dashboard).map((panel) => ({ name: `${dashboard.uid}: ${panel.title}`, panel })),
);
const everyQuery = everyPanel.flatMap(({ name, panel }) => panel.queries.map((query) => ({ name, ...query })));

beforeAll(bringPromtool);

describe("dashboards", () => {
  it("begin with numbers that say whether all is well, some of them with a colour", () => {
    for (const { rows } of DASHBOARDS) {
      expect(rows[0]?.title).toBe("Is it healthy");
      expect(rows[0]?.panels.every(({ kind }) => kind === "number")).toBe(true);
      expect(rows[0]?.panels.some(({ threshold }) => threshold !== undefined)).toBe(true);
    }
  });

  it("say of each panel what it shows, in a sentence, and no title twice", () => {
    for (const { name, panel } of everyPanel) expect(panel.description, name).toMatch(/^.{12,}\.$/);
    for (const dashboard of DASHBOARDS) {
      const titles = dashboard.rows.flatMap((row) => row.panels.map(({ title }) => `${row.title}: ${title}`));
      expect(new Set(titles).size, dashboard.uid).toBe(titles.length);
    }
  });

  it("ask for declared metrics only", () => {
    const unknown = everyQuery.flatMap(({ name, expr }) => namesInPromql(expr).unknown.map((word) => [name, word]));
    expect(unknown).toEqual([]);
  });

  it("show every declared metric somewhere", () => {
    const shown = new Set(everyQuery.flatMap(({ expr }) => [...namesInPromql(expr).metrics]));
    expect((Object.keys(METRICS) as MetricName[]).filter((name) => !shown.has(name))).toEqual([]);
  });

  it("call series by labels that they have", () => {
    const wrong = everyQuery.flatMap(({ name, expr, legend }) => {
      const own = [...namesInPromql(expr).metrics].flatMap(labelsOf);
      const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      return named.filter((label) => ![...own, ...TARGET_LABELS].includes(label)).map((label) => [name, label]);
    });
    expect(wrong).toEqual([]);
  });

  it("ask about the chosen namespace and jobs, and recorded rules about the namespace", () => {
    for (const { name, expr } of everyQuery) {
      for (const selector of expr.match(/\{[^}]*\}/g) ?? []) {
        expect(selector, name).toContain('namespace=~"$namespace"');
        if (/millrace_\w+_failed:|ALERTS/.test(expr)) continue;
        expect(selector, name).toContain('job=~"$job"');
      }
      for (const metric of namesInPromql(expr).metrics) expect(expr, `${name}: ${metric}`).toContain("{");
    }
  });

  it("ask questions that Prometheus understands", async () => {
    const rules = everyQuery.map(({ expr }, index) => ({ record: `question:${index}`, expr: filledIn(expr) }));
    const folder = folderOf({ "panels.yaml": renderRules([{ name: "panels", rules }]) });
    const { isContent, output } = await promtool(["check", "rules", "panels.yaml"], folder);
    expect(isContent, output).toBe(true);
    expect(output).toContain(`${everyQuery.length} rules found`);
  });

  it("ask for recorded rules that there are", () => {
    const recorded = new Set(
      RECORDING_GROUPS.flatMap(({ rules }) => rules.map((rule) => "record" in rule && rule.record)),
    );
    for (const { name, expr } of everyQuery) {
      for (const [rule] of expr.matchAll(/namespace:\w+:\w+/g))
        expect(recorded.has(rule), `${name}: ${rule}`).toBe(true);
    }
  });

  it("link to runbooks of alerts that there are, and every alert is linked from where its cause is seen", () => {
    const linked = new Set(everyPanel.flatMap(({ panel }) => panel.alerts ?? []));
    expect([...linked].toSorted()).toEqual(ALERTS.map(({ name }) => name).toSorted());
  });
});

describe("dashboards, as Grafana gets them", () => {
  const rendered = DASHBOARDS.map(renderDashboard);

  it("have addresses and numbers of panels of their own", () => {
    expect(new Set(rendered.map(({ uid }) => uid)).size).toBe(rendered.length);
    for (const { uid, panels = [] } of rendered) {
      const ids = panels.flatMap((panel) => [panel.id, ...("panels" in panel ? panel.panels.map(({ id }) => id) : [])]);
      expect(new Set(ids).size, uid).toBe(ids.length);
    }
  });

  it("let the data source, the namespace and the jobs be chosen", () => {
    for (const { uid, templating } of rendered) {
      expect(
        templating.list?.map(({ name }) => name),
        uid,
      ).toEqual(["datasource", "namespace", "job"]);
    }
  });

  it("have panels that fill the width and do not lie on each other", () => {
    for (const { uid, panels = [] } of rendered) {
      const cells = new Set<string>();
      for (const { gridPos } of panels) {
        const { x, y, w, h } = gridPos!;
        expect(x + w, uid).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column++) {
          for (let line = y; line < y + h; line++) {
            expect(cells.has(`${column},${line}`), `${uid} at ${column},${line}`).toBe(false);
            cells.add(`${column},${line}`);
          }
        }
      }
    }
  });
});

function panelsOf({ rows }: DashboardSource): readonly Panel[] {
  return rows.flatMap(({ panels }) => panels);
}

/** What Grafana does with variables before it asks. */
function filledIn(expr: string): string {
  return expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$(namespace|job)/g, ".*");
}
