import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ColumnSchema,
  type Result,
  ResultSchema,
  Column_Role as Role,
  type Row,
  RowSchema,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { ChangeSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChange } from "./apply-change.ts";

type Plain = {
  readonly time?: string;
  readonly page?: string;
  readonly other?: boolean;
  readonly value: number | null;
};

const TIMES = ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"];

function rowOf({ time, page, other = false, value }: Plain): Row {
  const texts = [time, page].filter((text) => text !== undefined);
  return create(RowSchema, {
    other,
    values: [
      ...texts.map((text) => create(ValueSchema, { kind: { case: "stringValue", value: text } })),
      create(
        ValueSchema,
        value === null ? { kind: { case: "nullValue", value: 0 } } : { kind: { case: "numberValue", value } },
      ),
    ],
  });
}

function resultOf(rows: readonly Plain[], { hasTime = false, hasPage = true } = {}): Result {
  return create(ResultSchema, {
    columns: [
      ...(hasTime ? [create(ColumnSchema, { name: "time", role: Role.TIME })] : []),
      ...(hasPage ? [create(ColumnSchema, { name: "page", role: Role.DIMENSION })] : []),
      create(ColumnSchema, { name: "views", role: Role.METRIC }),
    ],
    rows: rows.map(rowOf),
  });
}

function plainOf(result: Result): unknown[] {
  return result.rows.map(({ values, other }) => [other, ...values.map(({ kind }) => kind.value)]);
}

/** What the server would give: sorted by time, by the value with the greatest first, by the page, the tail last. */
function sorted(rows: readonly Plain[]): Plain[] {
  return rows.toSorted(
    (a, b) =>
      Date.parse(a.time ?? TIMES[0]!) - Date.parse(b.time ?? TIMES[0]!) ||
      Number(a.value === null) - Number(b.value === null) ||
      (b.value ?? 0) - (a.value ?? 0) ||
      ((a.page ?? "") < (b.page ?? "") ? -1 : (a.page ?? "") > (b.page ?? "") ? 1 : 0) ||
      Number(a.other ?? false) - Number(b.other ?? false),
  );
}

const keyOf = ({ time, page, other }: Plain): string => `${time} ${page} ${other}`;

/** The change from one answer to another, computed in the plainest way. */
function changeBetween(before: readonly Plain[], after: readonly Plain[]) {
  const changed = after.filter((row) => !before.some((one) => keyOf(one) === keyOf(row) && one.value === row.value));
  const removed = before.filter((row) => !after.some((one) => keyOf(one) === keyOf(row)));
  return create(ChangeSchema, { changedRows: changed.map(rowOf), removedRows: removed.map(rowOf) });
}

const value = fc.option(fc.integer({ min: 0, max: 5 }), { nil: null, freq: 8 });
const byPage = fc
  .uniqueArray(fc.record({ page: fc.constantFrom("/", "/a", "/b", "(other)"), other: fc.boolean(), value }), {
    selector: keyOf,
    maxLength: 8,
  })
  .map(sorted);
const byTimeAndPage = fc
  .uniqueArray(fc.record({ time: fc.constantFrom(...TIMES), page: fc.constantFrom("/", "/a"), value }), {
    selector: keyOf,
    maxLength: 6,
  })
  .map(sorted);

describe("an answer after changes", () => {
  it("by a dimension is what would be answered anew", () => {
    fc.assert(
      fc.property(fc.array(byPage, { minLength: 2, maxLength: 5 }), (answers) => {
        let result = resultOf(answers[0]!);
        for (let i = 1; i < answers.length; i++) {
          result = applyChange(result, changeBetween(answers[i - 1]!, answers[i]!));
          expect(plainOf(result)).toEqual(plainOf(resultOf(answers[i]!)));
        }
      }),
    );
  });

  it("by time and a dimension is what would be answered anew, also when clocks change", () => {
    fc.assert(
      fc.property(byTimeAndPage, byTimeAndPage, (before, after) => {
        const result = applyChange(resultOf(before, { hasTime: true }), changeBetween(before, after));
        expect(plainOf(result)).toEqual(plainOf(resultOf(after, { hasTime: true })));
      }),
    );
  });

  it("without time and dimensions is its one row", () => {
    const options = { hasPage: false };
    const result = applyChange(resultOf([{ value: 1 }], options), changeBetween([{ value: 1 }], [{ value: 2 }]));
    expect(plainOf(result)).toEqual([[false, 2]]);
  });

  it("is in the order that was asked for", () => {
    const before = [{ page: "/a", value: 1 }];
    const after = [
      { page: "/a", value: 1 },
      { page: "/b", value: 9 },
    ];
    const result = applyChange(resultOf(before), changeBetween(before, after), [{ field: "page", descending: false }]);
    expect(plainOf(result)).toEqual([
      [false, "/a", 1],
      [false, "/b", 9],
    ]);
  });

  it("leaves the answer before as it was, and keeps the rows that did not change", () => {
    const before = [
      { page: "/a", value: 2 },
      { page: "/b", value: 1 },
    ];
    const result = resultOf(before);
    const rows = [...result.rows];
    const next = applyChange(
      result,
      changeBetween(before, [
        { page: "/a", value: 2 },
        { page: "/b", value: 3 },
      ]),
    );
    expect(result.rows).toEqual(rows);
    expect(next.rows[1]).toBe(rows[0]);
  });
});
