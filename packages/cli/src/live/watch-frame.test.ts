import { create } from "@bufbuild/protobuf";
import { type Column, Column_Role as Role, Column_Type as Type } from "@millrace/api/millrace/reporting/v1/query_pb";
import { WatchResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { describe, expect, it } from "vitest";
import { textWidth } from "../output/text-width.ts";
import { painter } from "../terminal/color.ts";
import { LiveAnswer } from "./live-answer.ts";
import { type WatchState, watchFrame } from "./watch-frame.ts";

const NOW = Date.parse("2026-11-21T10:30:02Z");
const TIME = { name: "time", role: Role.TIME, type: Type.TIME, exact: true };
const PAGE = { name: "page", role: Role.DIMENSION, type: Type.TEXT, exact: true };
const VIEWS = { name: "page_views", role: Role.METRIC, type: Type.INTEGER, exact: true };
const VISITORS = { name: "visitors", role: Role.METRIC, type: Type.INTEGER, exact: true };
const OPTIONS = { isUnicode: true, paint: painter(false) };

function answer(columns: readonly Partial<Column>[], rows: readonly (readonly (string | number)[])[]): LiveAnswer {
  const live = new LiveAnswer();
  const value = {
    columns: columns as Column[],
    rows: rows.map((values) => ({
      values: values.map((each) =>
        typeof each === "string"
          ? { kind: { case: "stringValue" as const, value: each } }
          : { kind: { case: "numberValue" as const, value: each } },
      ),
    })),
    watermark: { seconds: BigInt((NOW - 1_000) / 1_000) },
    timeZone: "Europe/Berlin",
  };
  live.take(create(WatchResponseSchema, { kind: { case: "whole", value } }), NOW);
  return live;
}

const MINUTES = Array.from({ length: 30 }, (_, at) => `2026-11-21T10:${String(at).padStart(2, "0")}:00+01:00`);

function state(changes: Partial<WatchState> = {}): WatchState {
  const pages = ["/", "/pricing", "/a-page-with-a-name-that-is-much-too-long-for-it", "/日本語"];
  return {
    total: answer([VIEWS, VISITORS], [[1_234, 321]]),
    series: answer(
      [TIME, VIEWS, VISITORS],
      MINUTES.map((time, at) => [time, at, 2 * at]),
    ),
    byTotal: answer(
      [PAGE, VIEWS, VISITORS],
      pages.map((page, at) => [page, 400 - at, 30]),
    ),
    bySeries: answer(
      [TIME, PAGE, VIEWS],
      pages.flatMap((page) => MINUTES.map((time, at) => [time, page, at])),
    ),
    subject: "demo, last 30m",
    link: { state: "live" },
    isPaused: false,
    nowMs: NOW,
    ...changes,
  };
}

describe("the picture of a watch", () => {
  it("says what is watched, that it is live, and as of when in the project's zone", () => {
    const [heading] = watchFrame(state(), { ...OPTIONS, width: 80, height: 24 });
    expect(heading).toMatch(/^Millrace {2}demo, last 30m +● live {2}as of 11:30:01$/);
    expect(textWidth(heading!)).toBe(80);
  });

  it("has a line for each value of the dimension, with its line over time", () => {
    const lines = watchFrame(state(), { ...OPTIONS, width: 100, height: 12 });
    expect(lines[2]).toMatch(/^page_views {2}1,234 {2}▁[▁-█]{28}█$/u);
    expect(lines[5]).toMatch(/^page +page_views +visitors +page_views over time$/);
    expect(lines[6]).toMatch(/^\/ +400 +30 +▁[▁-█]{20,}█$/u);
  });

  it.each([
    [200, 50],
    [120, 35],
    [80, 24],
    [40, 12],
    [20, 5],
    [10, 3],
  ])("fits into %d columns and %d rows", (width, height) => {
    for (const each of [state(), state({ link: { state: "lost", why: "away", pauseMs: 1 } })]) {
      const lines = watchFrame(each, { ...OPTIONS, width, height });
      expect(lines.length).toBeLessThanOrEqual(height);
      if (width >= 40) for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  it.each([20, 40, 60, 100])("fits into %d columns in any height, with few short rows too", (width) => {
    const few = state({
      byTotal: answer([PAGE, VIEWS, VISITORS], [["/start", 1, 1]]),
      bySeries: answer(
        [TIME, PAGE, VIEWS],
        MINUTES.map((time) => [time, "/start", 1]),
      ),
    });
    for (let height = 1; height <= 50; height++) {
      for (const line of watchFrame(few, { ...OPTIONS, width, height })) {
        expect(textWidth(line), line).toBeLessThanOrEqual(Math.max(width, 34));
      }
    }
  });

  it("draws charts where nothing is broken down", () => {
    const { byTotal: _, bySeries: __, ...rest } = state();
    const lines = watchFrame(rest, { ...OPTIONS, width: 80, height: 30 });
    expect(lines.filter((line) => line.includes("└"))).toHaveLength(2);
    expect(lines.some((line) => line.startsWith("page_views  1,234  latest 29"))).toBe(true);
  });

  it("says when the connection is lost, and keeps the numbers", () => {
    const lost = state({ link: { state: "lost", why: "away", pauseMs: 500 } });
    const lines = watchFrame(lost, { ...OPTIONS, width: 80, height: 24 });
    expect(lines[0]).toContain("○ reconnecting  as of 11:30:01");
    expect(lines.some((line) => line.startsWith("/pricing"))).toBe(true);
  });

  it("says that it connects while some answers are there and others are not, and loses no word about a loss", () => {
    const lines = watchFrame(state({ link: { state: "connecting" } }), { ...OPTIONS, width: 80, height: 24 });
    expect(lines[0]).toMatch(/ connecting$/);
  });

  it("lets changed values stand out for a moment", () => {
    const paint = painter(true);
    const changed = state();
    const row = { values: [0, 1].map((at) => ({ kind: { case: "numberValue" as const, value: 1_235 + at } })) };
    const message = create(WatchResponseSchema, { kind: { case: "change", value: { changedRows: [row] } } });
    changed.total.take(message, NOW);
    const isGreen = (nowMs: number) =>
      watchFrame({ ...changed, nowMs }, { ...OPTIONS, paint, width: 80, height: 12 })
        .slice(2, 4)
        .some((line) => line.includes("\u001b[32m"));
    expect(isGreen(NOW + 100)).toBe(true);
    expect(isGreen(NOW + 5_000)).toBe(false);
  });
});
