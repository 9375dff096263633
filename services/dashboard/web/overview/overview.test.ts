import { create } from "@bufbuild/protobuf";
import { timestampFromMs, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { ProjectSchema, Template } from "@millrace/api/millrace/config/v1/project_pb";
import {
  AbsoluteRangeSchema,
  ResultSchema,
  Column_Role as Role,
  RowSchema,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { GetCatalogResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { describe, expect, it } from "vitest";
import { comparableSpan } from "./comparable.ts";
import { plain, ratio } from "./key-number.ts";
import { planFor, tableMetric } from "./plan.ts";
import { pulseOf } from "./pulse.ts";
import { seriesValues } from "./series-values.ts";

const at = (text: string): number => Date.parse(text);
const range = (start: string, end: string) =>
  create(AbsoluteRangeSchema, { startTime: timestampFromMs(at(start)), endTime: timestampFromMs(at(end)) });
const WEB = create(ProjectSchema, { projectId: "demo", template: Template.WEB });

const catalog = create(GetCatalogResponseSchema, {
  metrics: [
    { name: "visitors", aggregation: Aggregation.UNIQUE },
    { name: "page_views", aggregation: Aggregation.COUNT },
    { name: "signups", aggregation: Aggregation.COUNT },
  ],
  rollups: [
    { name: "totals", metrics: ["visitors", "page_views", "signups"] },
    { name: "pages", metrics: ["visitors", "page_views"], dimensions: ["page"] },
    { name: "browsers", metrics: ["page_views"], dimensions: ["browser"] },
    { name: "plans", metrics: ["signups"], dimensions: ["plan"] },
    { name: "page_plans", metrics: ["signups"], dimensions: ["page", "plan"] },
  ],
});

describe("what there is so far", () => {
  const day = range("2026-11-21T00:00Z", "2026-11-22T00:00Z");
  const before = range("2026-11-20T00:00Z", "2026-11-21T00:00Z");

  it("is compared with as much of the day before", () => {
    expect(comparableSpan(day, before, at("2026-11-21T09:20Z"))).toEqual({
      start: at("2026-11-20T00:00Z"),
      end: at("2026-11-20T09:15Z"),
    });
  });

  it("is compared with something from the first minute on", () => {
    expect(comparableSpan(day, before, at("2026-11-21T00:01Z"))?.end).toBe(at("2026-11-20T00:15Z"));
  });

  it("never reaches beyond the range compared with: February has fewer days", () => {
    const march = range("2026-03-01T00:00Z", "2026-04-01T00:00Z");
    const february = range("2026-02-01T00:00Z", "2026-03-01T00:00Z");
    expect(comparableSpan(march, february, at("2026-03-30T00:00Z"))?.end).toBe(at("2026-03-01T00:00Z"));
  });

  it("is compared by whole days where finer blocks may be gone", () => {
    const year = range("2025-12-01T00:00Z", "2026-12-01T00:00Z");
    const last = range("2024-12-01T00:00Z", "2025-12-01T00:00Z");
    expect(comparableSpan(year, last, at("2026-11-21T09:20Z"))?.end).toBe(at("2025-11-21T00:00Z"));
  });

  it("needs no cutting when it is over", () => {
    expect(comparableSpan(day, before, at("2026-11-22T00:00Z"))).toBeUndefined();
  });
});

describe("the plan of an overview", () => {
  const plan = planFor(WEB, catalog);

  it("has of its template what the project measures", () => {
    expect(plan.numbers.map(({ name }) => name)).toEqual(["visitors", "page_views"]);
    expect(plan.panels.map(({ title }) => title)).toEqual(["Pages", "Devices", "Plan"]);
    expect(plan.online).toBe("visitors");
  });

  it("shows what people added, but no combination of what is shown", () => {
    expect(plan.panels.at(-1)?.tabs).toEqual([{ title: "Plan", dimensions: ["plan"] }]);
  });

  it("is made of the rollups where there is no template", () => {
    const own = planFor(create(ProjectSchema, { projectId: "own" }), catalog);
    expect(own.numbers.map(({ name }) => name)).toEqual(["page_views", "signups", "visitors"]);
    expect(own.panels[0]?.tabs.map(({ title }) => title)).toEqual(["Page", "Browser", "Plan"]);
  });

  it("shows in each table the chosen number where it is kept, else another that is", () => {
    const visitors = plain("visitors", catalog);
    const metricOf = (dimension: string, filtered: string[] = []): string =>
      tableMetric({ title: "", dimensions: [dimension] }, visitors, plan, catalog, filtered);
    expect([metricOf("page"), metricOf("browser"), metricOf("plan")]).toEqual(["visitors", "page_views", "signups"]);
    expect(metricOf("plan", ["page"])).toBe("signups");
    expect(metricOf("browser", ["page"])).toBe("page_views");
  });
});

describe("a number over time", () => {
  const result = create(ResultSchema, {
    columns: [
      { name: "time", role: Role.TIME },
      { name: "page_views", role: Role.METRIC },
      { name: "visitors", role: Role.METRIC },
      { name: "page_views", role: Role.COMPARISON },
      { name: "visitors", role: Role.COMPARISON },
    ],
    timeRange: range("2026-11-21T08:00Z", "2026-11-21T11:00Z"),
    rows: ["08", "09", "10"].map((hour, place) => ({
      values: [`2026-11-21T${hour}:00:00Z`, place * 4, place, 6, 3].map((value) =>
        create(ValueSchema, {
          kind: typeof value === "string" ? { case: "stringValue", value } : { case: "numberValue", value },
        }),
      ),
    })),
  });

  it("has no values for buckets that have not begun, and knows which are over", () => {
    const values = seriesValues(result, plain("visitors", catalog), at("2026-11-21T09:30Z"), 0);
    expect(values).toMatchObject({ now: [0, 1, null], before: [3, 3, 3], complete: 1 });
  });

  it("begins with the project, or with what was measured before that", () => {
    const visitors = plain("visitors", catalog);
    const [now, made] = [at("2026-11-22T00:00Z"), at("2026-11-21T10:30Z")];
    expect(seriesValues(result, visitors, now, made).now).toEqual([null, 1, 2]);
    expect(seriesValues(result, visitors, now, at("2026-11-21T08:30Z")).now).toEqual([0, 1, 2]);
    const alone = {
      ...result,
      rows: result.rows.map(({ values }) => create(RowSchema, { values: withoutBefore(values) })),
    };
    expect(seriesValues(alone, visitors, now, made).before).toBeUndefined();
    expect(seriesValues(alone, visitors, now, 0).before).toEqual([0, 0, 0]);
  });

  it("is computed from two metrics where it is a ratio, and nothing where there is nothing to divide by", () => {
    const number = ratio("views_each", "page_views", "visitors", { unit: "", more: "good" });
    expect(seriesValues(result, number, at("2026-11-22T00:00Z"), 0)).toMatchObject({
      now: [null, 4, 4],
      before: [2, 2, 2],
      complete: 3,
    });
  });
});

/** A row's values with nothing in the range before. */
function withoutBefore(values: readonly Value[]): Value[] {
  return values.map((value, place) =>
    place < 3 ? value : create(ValueSchema, { kind: { case: "numberValue", value: 0 } }),
  );
}

describe("what is watched along", () => {
  it("is the counts, which change with every event, as far as the filters leave them", () => {
    expect(pulseOf(catalog, [])).toEqual(["page_views", "signups"]);
    expect(pulseOf(catalog, ["page"])).toEqual(["page_views", "signups"]);
    expect(pulseOf(catalog, ["browser"])).toEqual(["page_views"]);
    expect(pulseOf(catalog, ["referrer"])).toEqual([]);
  });
});
