import { create } from "@bufbuild/protobuf";
import { Column_Role as Role, Column_Type as Type } from "@millrace/api/millrace/reporting/v1/query_pb";
import { WatchResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { expect, it } from "vitest";
import { LiveAnswer } from "./live-answer.ts";
import { updateText } from "./watch-lines.ts";

const COLUMNS = [
  { name: "page", role: Role.DIMENSION, type: Type.TEXT },
  { name: "views", role: Role.METRIC, type: Type.INTEGER },
];
const WATERMARK = { seconds: BigInt(Date.parse("2026-11-21T10:00:01Z") / 1_000) };

function row(page: string, views: number) {
  return {
    values: [
      { kind: { case: "stringValue" as const, value: page } },
      { kind: { case: "numberValue" as const, value: views } },
    ],
  };
}

const whole = create(WatchResponseSchema, {
  kind: { case: "whole", value: { columns: COLUMNS, rows: [row("/a b", 1_000), row("/c", 1)], watermark: WATERMARK } },
});
const change = create(WatchResponseSchema, {
  kind: { case: "change", value: { changedRows: [row("/d", 2)], removedRows: [row("/c", 1)], watermark: WATERMARK } },
});

it("a watch prints the whole answer, then what changed, for people and for programs", () => {
  const answer = new LiveAnswer();
  answer.take(whole, 0);
  expect(updateText(whole, answer, "table")).toBe('10:00:01 page="/a b" views=1,000\n10:00:01 page=/c views=1\n');
  expect(JSON.parse(updateText(whole, answer, "ndjson"))).toEqual({
    type: "whole",
    rows: [
      { page: "/a b", views: 1_000 },
      { page: "/c", views: 1 },
    ],
    watermark: "2026-11-21T10:00:01.000Z",
  });
  answer.take(change, 0);
  expect(updateText(change, answer, "table")).toBe("10:00:01 page=/d views=2\n10:00:01 gone: page=/c views=1\n");
  expect(JSON.parse(updateText(change, answer, "json"))).toMatchObject({
    type: "change",
    changed: [{ page: "/d", views: 2 }],
    removed: [{ page: "/c", views: 1 }],
  });
  expect(updateText(change, answer, "csv")).toBe(
    "2026-11-21T10:00:01.000Z,changed,/d,2\n2026-11-21T10:00:01.000Z,removed,/c,1\n",
  );
});
