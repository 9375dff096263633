import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import {
  type Query,
  type ResultSchema,
  Column_Role as Role,
  type RowSchema,
  Row_State as State,
} from "@millrace/api/millrace/reporting/v1/query_pb";
import { type WatchResponse, WatchResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { createMillrace } from "../node.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { toFilter } from "./to-filter.ts";
import { toQuery } from "./to-query.ts";

const text = (value: string) => ({ kind: { case: "stringValue" as const, value } });
const number = (value: number) => ({ kind: { case: "numberValue" as const, value } });
const nothing = { kind: { case: "nullValue" as const, value: 0 } };

const COLUMNS = [
  { name: "time", role: Role.TIME },
  { name: "page", role: Role.DIMENSION },
  { name: "views", role: Role.METRIC, unit: "views", exact: true },
  { name: "amount", role: Role.METRIC },
  { name: "views", role: Role.COMPARISON },
  { name: "amount", role: Role.COMPARISON },
];
const DAY = "2026-03-01T00:00:00+01:00";

function row(page: string, views: number, amount: string | undefined): MessageInitShape<typeof RowSchema> {
  const amountValue = amount === undefined ? nothing : text(amount);
  return { values: [text(DAY), text(page), number(views), amountValue, number(7), nothing], state: State.FINAL };
}

const RESULT: MessageInitShape<typeof ResultSchema> = {
  columns: COLUMNS,
  rows: [row("/a", 3, "12345678901234567.25"), row("/b", 1, undefined)],
  watermark: { seconds: 1_772_323_200n },
  timeZone: "Europe/Berlin",
  nextPageToken: "more",
};

const QUESTION = {
  metrics: ["views", "amount"],
  dimensions: ["page"],
  range: { last: "7d" },
  granularity: "1d",
  comparison: "previous_period",
} as const;

function client(url: string) {
  const made = createMillrace({ url, key: "key" });
  onTestFinished(async () => void (await made.close({ timeoutMs: 0 })));
  return made;
}

describe("an answer", () => {
  it("has rows by the names of the question, which the compiler knows", async () => {
    const asked: Query[] = [];
    const { url } = await startFakeServer({
      reporting: {
        query({ query }) {
          asked.push(query!);
          return { result: RESULT };
        },
      },
    });
    const answer = await client(url).query(QUESTION);
    expectTypeOf(answer.rows[0]!.views).toEqualTypeOf<number | null>();
    expectTypeOf(answer.rows[0]!.page).toEqualTypeOf<string>();
    expectTypeOf(answer.rows[0]!.time).toEqualTypeOf<string>();
    expectTypeOf(answer.rows[0]!.$compared.amount).toEqualTypeOf<number | null>();
    const facts = { time: DAY, $compared: { views: 7, amount: null }, $final: true, $other: false };
    expect(answer.rows).toEqual([
      { ...facts, page: "/a", views: 3, amount: Number("12345678901234567.25") },
      { ...facts, page: "/b", views: 1, amount: null },
    ]);
    expect(answer).toMatchObject({
      timeZone: "Europe/Berlin",
      nextPageToken: "more",
      watermark: new Date("2026-03-01"),
    });
    expect(answer.columns[2]).toMatchObject({ name: "views", role: "metric", unit: "views", exact: true });
    expect(asked[0]).toMatchObject({ metrics: ["views", "amount"], dimensions: ["page"] });
  });

  it("has rows of any names where the compiler does not know them", async () => {
    const { url } = await startFakeServer({ reporting: { query: () => ({ result: RESULT }) } });
    const names: string[] = ["views"];
    const { rows } = await client(url).query({ metrics: names, dimensions: names, range: { last: "1d" } });
    expectTypeOf(rows[0]!["views"]!).toEqualTypeOf<string | number>();
    expectTypeOf(rows[0]!.$final).toEqualTypeOf<boolean>();
    expect(rows[0]).toMatchObject({ views: 3, page: "/a" });
  });

  it("is exact to the last digit where that is asked for", async () => {
    const { url } = await startFakeServer({ reporting: { query: () => ({ result: RESULT }) } });
    const { rows } = await client(url).query({ ...QUESTION, exact: true });
    expectTypeOf(rows[0]!.amount).toEqualTypeOf<string | null>();
    expect(rows.map(({ views, amount }) => [views, amount])).toEqual([
      ["3", "12345678901234567.25"],
      ["1", null],
    ]);
  });

  it("is a failure as the server says it", async () => {
    const { url } = await startFakeServer({
      reporting: {
        query() {
          throw new ConnectError("query.metrics[0]: did you mean views?", Code.InvalidArgument, undefined, [
            { desc: ErrorInfoSchema, value: { reason: "METRIC_UNKNOWN", domain: "millrace.dev" } },
          ]);
        },
      },
    });
    const expected = { name: "Failure", kind: "invalid", reason: "METRIC_UNKNOWN" };
    await expect(client(url).query(QUESTION)).rejects.toMatchObject(expected);
    await expect(client("http://127.0.0.1:1").query(QUESTION)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("comes also where the server that was asked first is stopping, or the connection to it breaks", async () => {
    let asked = 0;
    const server = await startFakeServer({
      reporting: {
        query() {
          asked++;
          if (asked === 1) throw new ConnectError("the server is stopping", Code.Unavailable);
          if (asked === 2) server.cut();
          return { result: RESULT };
        },
      },
    });
    expect((await client(server.url).query(QUESTION)).rows).toHaveLength(2);
    expect(asked).toBe(3);
  });

  it("is waited for no longer than was said, and asked for no more than 4 times", async () => {
    let asked = 0;
    const { url } = await startFakeServer({
      reporting: {
        query() {
          asked++;
          throw new ConnectError("full", Code.Unavailable);
        },
      },
    });
    const away = { kind: "unavailable" };
    await expect(client(url).query(QUESTION)).rejects.toMatchObject(away);
    expect(asked).toBe(4);
    await expect(client(url).query(QUESTION, { timeoutMs: 20 })).rejects.toMatchObject({
      kind: expect.stringMatching(/^(unavailable|deadline)$/),
    });
    expect(asked).toBeLessThan(8);
  });

  it("is asked for again within a budget, so that those who ask do not keep a server down", async () => {
    let asked = 0;
    const { url } = await startFakeServer({
      reporting: {
        query() {
          asked++;
          throw new ConnectError("full", Code.Unavailable);
        },
      },
    });
    const asking = client(url);
    for (let i = 0; i < 20; i++) await expect(asking.query(QUESTION)).rejects.toMatchObject({ kind: "unavailable" });
    expect(asked).toBeLessThanOrEqual(20 + 11);
  });
});

describe("a watch", () => {
  const whole = (rows: MessageInitShape<typeof RowSchema>[]) =>
    create(WatchResponseSchema, { kind: { case: "whole", value: { ...RESULT, rows } } });
  const change = (changedRows: MessageInitShape<typeof RowSchema>[], removedRows: typeof changedRows = []) =>
    create(WatchResponseSchema, { kind: { case: "change", value: { changedRows, removedRows } } });

  it("gives all rows in their order, and what has changed, and connects again when it is cut", async () => {
    const connections: WatchResponse[][] = [
      [whole([row("/a", 3, "1"), row("/b", 1, "1")]), change([row("/b", 5, "1"), row("/c", 4, "1")])],
      [whole([row("/b", 5, "1")]), change([], [row("/b", 5, "1")])],
    ];
    const { url } = await startFakeServer({
      reporting: {
        async *watch() {
          yield* connections.shift() ?? [];
          throw new ConnectError("draining", Code.Unavailable);
        },
      },
    });
    const seen: unknown[] = [];
    for await (const { rows, changed, removed } of client(url).watch(QUESTION)) {
      const told = [rows, changed, removed].map((list) => list.map(({ page, views }) => `${page} ${views}`));
      seen.push(told);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([
      [["/a 3", "/b 1"], ["/a 3", "/b 1"], []],
      [["/b 5", "/c 4", "/a 3"], ["/b 5", "/c 4"], []],
      [["/b 5"], ["/b 5"], ["/a 3", "/c 4"]],
      [[], [], ["/b 5"]],
    ]);
  });

  it("ends with its signal, and for good when asking again would not help", async () => {
    const { url } = await startFakeServer({
      reporting: {
        async *watch({ query }) {
          if (query?.limit === 1) throw new ConnectError("no", Code.PermissionDenied);
          yield whole([row("/a", 3, "1")]);
          await new Promise(() => {});
        },
      },
    });
    const ending = new AbortController();
    for await (const { rows } of client(url).watch(QUESTION, { signal: ending.signal })) {
      expect(rows).toHaveLength(1);
      ending.abort();
    }
    const closed = client(url);
    for await (const _ of closed.watch(QUESTION)) await closed.close();
    await expect(closed.query(QUESTION)).rejects.toMatchObject({ reason: "CLOSED" });
    const refused = client(url)
      .watch({ ...QUESTION, limit: 1 })
      [Symbol.asyncIterator]();
    await expect(refused.next()).rejects.toMatchObject({ kind: "denied" });
  });
});

describe("a question", () => {
  it.each([
    { range: { last: "90m" }, kind: "relative" },
    { range: { last: "12mo" }, kind: "relative" },
    { range: { from: "2026-01-01", to: new Date(0) }, kind: "absolute" },
  ])("may ask about $range", ({ range, kind }) => {
    expect(toQuery({ metrics: ["m"], range }).timeRange?.kind).toMatchObject({ case: kind });
  });

  it.each([
    { what: "range.last", question: { metrics: ["m"], range: { last: "soon" } } },
    { what: "range.from", question: { metrics: ["m"], range: { from: "soon", to: 0 } } },
    { what: "granularity", question: { metrics: ["m"], range: { last: "1d" }, granularity: "2h" as "1h" } },
    {
      what: "filter.page.like",
      question: { metrics: ["m"], range: { last: "1d" }, filter: { page: { like: "x" } as object } },
    },
  ])("is told at once that $what is wrong", ({ what, question }) => {
    expect(() => toQuery(question as Parameters<typeof toQuery>[0])).toThrow(
      expect.objectContaining({ violations: [expect.objectContaining({ field: what })] }),
    );
  });

  it("orders by what is named, greatest first with a minus", () => {
    const { orderBy } = toQuery({ metrics: ["m"], range: { last: "1d" }, orderBy: ["-m", { field: "page" }] });
    expect(orderBy).toEqual([
      { field: "m", descending: true },
      { field: "page", descending: false },
    ]);
  });

  const condition = (field: string, operator: Operator, ...values: (string | number)[]) => ({
    kind: {
      case: "condition",
      value: {
        field,
        operator,
        values: values.map((value) => expect.objectContaining({ kind: expect.objectContaining({ value }) })),
      },
    },
  });

  it.each([
    { filter: { page: "/a" }, expected: condition("page", Operator.EQUALS, "/a") },
    { filter: { page: ["/a", "/b"] }, expected: condition("page", Operator.IN, "/a", "/b") },
    { filter: { n: { greater: 1 } }, expected: condition("n", Operator.GREATER, 1) },
    { filter: { all: "x" }, expected: condition("all", Operator.EQUALS, "x") },
    {
      filter: { page: { exists: false } },
      expected: { kind: { case: "not", value: condition("page", Operator.EXISTS) } },
    },
    {
      filter: { any: [{ page: "/a" }, { page: { not: "/b" } }] },
      expected: {
        kind: {
          case: "any",
          value: {
            filters: [
              condition("page", Operator.EQUALS, "/a"),
              { kind: { case: "not", value: condition("page", Operator.EQUALS, "/b") } },
            ],
          },
        },
      },
    },
    {
      filter: { page: { startsWith: "/", contains: "x" }, plan: "pro" },
      expected: {
        kind: {
          case: "all",
          value: {
            filters: [
              {
                kind: {
                  case: "all",
                  value: {
                    filters: [condition("page", Operator.STARTS_WITH, "/"), condition("page", Operator.CONTAINS, "x")],
                  },
                },
              },
              condition("plan", Operator.EQUALS, "pro"),
            ],
          },
        },
      },
    },
  ])("filters by $filter", ({ filter, expected }) => {
    expect(toFilter(filter)).toEqual(expected);
  });
});
