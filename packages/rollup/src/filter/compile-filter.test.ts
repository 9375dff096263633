import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type Filter, FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { compileFilter, type FilterValue } from "./compile-filter.ts";

type Fields = Readonly<Record<string, FilterValue>>;

const condition = (field: string, operator: Operator, ...values: FilterValue[]): Filter =>
  create(FilterSchema, { kind: { case: "condition", value: { field, operator, values: values.map(asValue) } } });
const all = (...filters: Filter[]) => create(FilterSchema, { kind: { case: "all", value: { filters } } });
const any = (...filters: Filter[]) => create(FilterSchema, { kind: { case: "any", value: { filters } } });
const not = (value: Filter) => create(FilterSchema, { kind: { case: "not", value } });

function asValue(value: FilterValue) {
  if (typeof value === "string") return create(ValueSchema, { kind: { case: "stringValue", value } });
  if (typeof value === "number") return create(ValueSchema, { kind: { case: "numberValue", value } });
  return create(ValueSchema, { kind: { case: "boolValue", value } });
}

function matches(filter: Filter | undefined, fields: Fields, values: "typed" | "text" = "typed"): boolean {
  return compileFilter<Fields>(filter, "filter", { field: (name) => (input) => input[name], values })(fields);
}

describe("a filter over typed fields", () => {
  const event: Fields = { name: "order", amount: 10, zero: 0, empty: "", paid: true, text10: "10" };
  const cases: { title: string; filter: Filter | undefined; expect: boolean }[] = [
    { title: "no filter matches everything", filter: undefined, expect: true },
    { title: "a filter without a kind matches everything", filter: create(FilterSchema), expect: true },
    { title: "its negation matches nothing", filter: not(create(FilterSchema)), expect: false },
    { title: "an empty list of all matches everything", filter: all(), expect: true },
    { title: "an empty list of any matches nothing", filter: any(), expect: false },
    { title: "text equals text", filter: condition("name", Operator.EQUALS, "order"), expect: true },
    { title: "case matters", filter: condition("name", Operator.EQUALS, "Order"), expect: false },
    { title: "a number equals a number", filter: condition("amount", Operator.EQUALS, 10), expect: true },
    { title: "a number is not its text", filter: condition("amount", Operator.EQUALS, "10"), expect: false },
    { title: "text is not its number", filter: condition("text10", Operator.EQUALS, 10), expect: false },
    { title: "0 equals -0", filter: condition("zero", Operator.EQUALS, -0), expect: true },
    { title: "a boolean equals a boolean", filter: condition("paid", Operator.EQUALS, true), expect: true },
    { title: "what is absent equals nothing", filter: condition("none", Operator.EQUALS, ""), expect: false },
    { title: "in: one of them", filter: condition("amount", Operator.IN, "x", 10), expect: true },
    { title: "in: of another type", filter: condition("amount", Operator.IN, "10"), expect: false },
    { title: "in nothing", filter: condition("amount", Operator.IN), expect: false },
    { title: "contains", filter: condition("name", Operator.CONTAINS, "rde"), expect: true },
    { title: "a number contains nothing", filter: condition("amount", Operator.CONTAINS, "1"), expect: false },
    { title: "starts with", filter: condition("name", Operator.STARTS_WITH, "or"), expect: true },
    { title: "starts with something else", filter: condition("name", Operator.STARTS_WITH, "rd"), expect: false },
    { title: "empty text exists", filter: condition("empty", Operator.EXISTS), expect: true },
    { title: "zero exists", filter: condition("zero", Operator.EXISTS), expect: true },
    { title: "what is absent does not exist", filter: condition("none", Operator.EXISTS), expect: false },
    { title: "10 < 10", filter: condition("amount", Operator.LESS, 10), expect: false },
    { title: "10 <= 10", filter: condition("amount", Operator.LESS_OR_EQUAL, 10), expect: true },
    { title: "10 > 9.5", filter: condition("amount", Operator.GREATER, 9.5), expect: true },
    { title: "10 >= 10.5", filter: condition("amount", Operator.GREATER_OR_EQUAL, 10.5), expect: false },
    { title: "text has no order", filter: condition("text10", Operator.LESS, 11), expect: false },
    { title: "what is absent has no order", filter: condition("none", Operator.GREATER_OR_EQUAL, -1), expect: false },
    {
      title: "all of three",
      filter: all(condition("paid", Operator.EXISTS), condition("name", Operator.EXISTS), any()),
      expect: false,
    },
    {
      title: "any of three",
      filter: any(condition("none", Operator.EXISTS), any(), condition("name", Operator.EXISTS)),
      expect: true,
    },
  ];
  it.each(cases)("$title: $expect", ({ filter, expect: expected }) => {
    expect(matches(filter, event)).toBe(expected);
  });
});

describe("a filter over the texts of dimensions", () => {
  it("compares numbers with the texts they have as dimension values", () => {
    expect(matches(condition("status", Operator.EQUALS, 200), { status: "200" }, "text")).toBe(true);
    expect(matches(condition("status", Operator.IN, 200, "404"), { status: "404" }, "text")).toBe(true);
    expect(matches(condition("status", Operator.GREATER_OR_EQUAL, 500), { status: "503" }, "text")).toBe(true);
    expect(matches(condition("paid", Operator.EQUALS, true), { paid: "true" }, "text")).toBe(true);
  });

  it("finds no order in texts that are not numbers", () => {
    for (const status of ["", "abc", "0x10", " 7", "007", "1e1"]) {
      expect(matches(condition("status", Operator.LESS, 1000), { status }, "text")).toBe(false);
    }
  });

  it("takes the empty text for absent", () => {
    expect(matches(condition("status", Operator.EXISTS), { status: "" }, "text")).toBe(false);
  });
});

describe("a wrong filter", () => {
  const refused = (filter: Filter) => {
    try {
      matches(filter, {});
    } catch (error) {
      if (error instanceof Failure) return error.violations[0]?.field;
    }
    return undefined;
  };

  it("is refused with the field at fault", () => {
    expect(refused(condition("a", Operator.EQUALS))).toBe("filter.condition.values");
    expect(refused(condition("a", Operator.EQUALS, 1, 2))).toBe("filter.condition.values");
    expect(refused(condition("a", Operator.EXISTS, 1))).toBe("filter.condition.values");
    expect(refused(condition("a", Operator.CONTAINS, 1))).toBe("filter.condition.values[0]");
    expect(refused(condition("a", Operator.LESS, "1"))).toBe("filter.condition.values[0]");
    expect(refused(condition("a", Operator.EQUALS, Number.NaN))).toBe("filter.condition.values[0]");
    expect(refused(condition("a", Operator.UNSPECIFIED))).toBe("filter.condition.operator");
    expect(refused(all(any(), not(condition("a", Operator.EQUALS))))).toBe(
      "filter.all.filters[1].not.condition.values",
    );
  });

  it("is refused when it is nested more than 5 deep, or has more than 50 filters or 1,000 values", () => {
    const leaf = condition("a", Operator.EXISTS);
    expect(refused(not(not(not(not(leaf)))))).toBeUndefined();
    expect(refused(not(not(not(not(not(leaf))))))).toBe("filter.not.not.not.not.not");
    expect(refused(all(...Array.from({ length: 51 }, () => leaf)))).toBe("filter.all");
    expect(refused(condition("a", Operator.IN, ...Array.from({ length: 1001 }, (_, i) => i)))).toBe(
      "filter.condition.values",
    );
  });
});
