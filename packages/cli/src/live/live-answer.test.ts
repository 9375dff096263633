import { create } from "@bufbuild/protobuf";
import { Column_Role as Role, type Row, RowSchema } from "@millrace/api/millrace/reporting/v1/query_pb";
import { type WatchResponse, WatchResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { describe, expect, it } from "vitest";
import { plain } from "../output/result.ts";
import { LiveAnswer } from "./live-answer.ts";

const COLUMNS = [
  { name: "page", role: Role.DIMENSION },
  { name: "views", role: Role.METRIC },
];

function row(page: string, views: number): Row {
  return create(RowSchema, {
    values: [{ kind: { case: "stringValue", value: page } }, { kind: { case: "numberValue", value: views } }],
  });
}

function whole(...rows: readonly Row[]): WatchResponse {
  const value = { columns: COLUMNS, rows: [...rows], watermark: { seconds: 1n } };
  return create(WatchResponseSchema, { kind: { case: "whole", value } });
}

function change(changedRows: Row[], removedRows: Row[] = []): WatchResponse {
  const value = { changedRows, removedRows, watermark: { seconds: 2n } };
  return create(WatchResponseSchema, { kind: { case: "change", value } });
}

function shown(answer: LiveAnswer) {
  return answer
    .rows()
    .map(({ row: { values }, changedAtMs }) => [...values.map((value) => plain(value)), changedAtMs[1]]);
}

describe("a live answer", () => {
  it("changes row by row, and stays in order", () => {
    const answer = new LiveAnswer();
    answer.take(whole(row("/a", 3), row("/b", 2)), 10);
    answer.take(change([row("/b", 5), row("/c", 1)], []), 20);
    expect(shown(answer)).toEqual([
      ["/b", 5, 20],
      ["/a", 3, 0],
      ["/c", 1, 20],
    ]);
    expect(answer.watermark?.seconds).toBe(2n);
    answer.take(change([], [row("/a", 3)]), 30);
    expect(shown(answer).map(([page]) => page)).toEqual(["/b", "/c"]);
  });

  it("tells what changed when it is sent whole again, as after a lost connection", () => {
    const answer = new LiveAnswer();
    answer.take(whole(row("/a", 3), row("/b", 2)), 10);
    answer.take(whole(row("/a", 4), row("/b", 2)), 20);
    expect(shown(answer)).toEqual([
      ["/a", 4, 20],
      ["/b", 2, 0],
    ]);
  });

  it("is ordered as asked", () => {
    const answer = new LiveAnswer([{ field: "page", descending: true }]);
    answer.take(whole(row("/a", 3), row("/b", 2)), 10);
    expect(shown(answer).map(([page]) => page)).toEqual(["/b", "/a"]);
  });
});
