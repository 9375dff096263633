import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { DASHBOARDS } from "../dashboards/index.ts";
import { namesInPromql } from "../names-in-promql.ts";
import { runbookUrl } from "../runbooks.ts";
import { bringPromtool, folderOf, promtool } from "../test-promtool.ts";
import { ALERT_GROUPS, ALERTS, RECORDING_GROUPS } from "./index.ts";
import { renderRules } from "./render-rules.ts";
import { type AlertCase, CASES_WITH_RECORDINGS, CASES_WITHOUT_RECORDINGS } from "./test-cases/index.ts";

const docs = join(import.meta.dirname, "../../../../docs");
const runbooks = readFileSync(join(docs, "runbooks.md"), "utf8");
const operating = readFileSync(join(docs, "operating.md"), "utf8");
const sections = new Map(
  runbooks
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")).trim(), section] as const),
);
const files = { "recordings.yaml": renderRules(RECORDING_GROUPS), "alerts.yaml": renderRules(ALERT_GROUPS) };

beforeAll(bringPromtool);

describe("rules", () => {
  it("are understood by Prometheus", async () => {
    const { isContent, output } = await promtool(["check", "rules", ...Object.keys(files)], folderOf(files));
    expect(isContent, output).toBe(true);
  });

  it("ask for declared metrics only", () => {
    const rules = [...RECORDING_GROUPS, ...ALERT_GROUPS].flatMap((group) => group.rules);
    expect(rules.flatMap(({ expr }) => namesInPromql(expr).unknown)).toEqual([]);
  });

  it("name alerts once, and say of each what is and what follows from it", () => {
    expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length);
    for (const { name, summary, description } of ALERTS) {
      expect(summary, name).toMatch(/^.{10,110}[^.]$/);
      expect(description, name).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  it("lead to the dashboard of a service", () => {
    const addresses = DASHBOARDS.map(({ uid }) => uid);
    for (const { service } of ALERTS) expect(addresses).toContain(`millrace-${service ?? "overview"}`);
  });
});

describe("runbooks", () => {
  it("are there for every alert, and for none that is gone", () => {
    expect([...sections.keys()].toSorted()).toEqual(ALERTS.map(({ name }) => name).toSorted());
  });

  it("say of each alert what it means, how to look, and what to do", () => {
    for (const [name, section] of sections) {
      for (const part of ["**Means.**", "**Look.**", "**Do.**"]) expect(section, name).toContain(part);
    }
  });

  it("are found by the addresses in the alerts", () => {
    for (const { name } of ALERTS) {
      const anchor = new URL(runbookUrl(name)).hash.slice(1);
      expect(
        [...sections.keys()].some((heading) => heading.toLowerCase() === anchor),
        name,
      ).toBe(true);
      expect(files["alerts.yaml"]).toContain(`runbook_url: ${runbookUrl(name)}\n`);
    }
  });

  it("lead to sections and pages that there are", () => {
    const links = [...runbooks.matchAll(/\]\((?!https:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, page = "", anchor]) => !hasSection(page, anchor)).map(([link]) => link);
    expect(broken).toEqual([]);
  });

  it("name commands that the command line has", () => {
    const described = readFileSync(join(docs, "cli.md"), "utf8");
    const commands = [...runbooks.matchAll(/`millrace ([a-z-]+)/g)].map(([, command]) => command!);
    expect(commands.filter((command) => !described.includes(`millrace ${command}`))).toEqual([]);
  });

  it("are linked from the page about operating", () => {
    expect(operating).toContain("(runbooks.md)");
  });
});

describe("alerts", () => {
  it("fire when they should, with their labels, and no others do", { timeout: 120_000 }, async () => {
    const folder = folderOf({
      ...files,
      "calls.yaml": testFile(CASES_WITH_RECORDINGS, ["recordings.yaml", "alerts.yaml"]),
      // What is recorded is of calls alone, and takes most of the time.
      "others.yaml": testFile(CASES_WITHOUT_RECORDINGS, ["alerts.yaml"]),
    });
    const { isContent, output } = await promtool(["test", "rules", "calls.yaml", "others.yaml"], folder);
    expect(isContent, output).toBe(true);
  });

  it("would be found out if they did not", async () => {
    const [broken] = renderRules(ALERT_GROUPS).split("  - name: millrace.ingest");
    const cases = CASES_WITHOUT_RECORDINGS.filter(({ fires }) =>
      fires.some((labels) => labels.includes("MillraceServiceGone")),
    );
    const folder = folderOf({
      ...files,
      "alerts.yaml": broken!,
      "test.yaml": testFile(cases, ["alerts.yaml"]),
    });
    expect((await promtool(["test", "rules", "test.yaml"], folder)).output).toContain("MillraceServiceGone");
  });

  it("have each a case in which they fire", () => {
    const cases = [...CASES_WITH_RECORDINGS, ...CASES_WITHOUT_RECORDINGS];
    const firing = cases.flatMap(({ fires }) => fires.map((labels) => /alertname="(\w+)"/.exec(labels)?.[1]));
    expect([...new Set(firing)].toSorted()).toEqual(ALERTS.map(({ name }) => name).toSorted());
  });
});

/** All cases as promtool reads them: what fires is what `ALERTS` has, but for labels that say nothing of the cause. */
function testFile(cases: readonly AlertCase[], rules: readonly string[]): string {
  const tests = cases.map(({ title, series, at, fires }) => ({
    name: title,
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: 'max without (app, severity, alertstate) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: fires.map((labels) => ({ labels: `{${labels}}`, value: 1 })),
      },
    ],
  }));
  return stringify({ rule_files: rules, evaluation_interval: "1m", tests }, { lineWidth: 0 });
}

/** Whether a page of the documentation is there, and has a heading whose address is `anchor`. */
function hasSection(page: string, anchor: string | undefined): boolean {
  const path = join(docs, page || "runbooks.md");
  if (!existsSync(path)) return false;
  if (anchor === undefined) return true;
  const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return headings.some(
    (heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-") === anchor,
  );
}
