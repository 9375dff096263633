import { create } from "@bufbuild/protobuf";
import { FilterSchema, Condition_Operator as Operator } from "@millrace/api/millrace/event/v1/filter_pb";
import { describe, expect, it } from "vitest";
import { parseCondition, parseConditions } from "./condition.ts";
import { filterText } from "./filter-text.ts";

function parsed(text: string) {
  const { kind } = create(FilterSchema, parseCondition(text));
  if (kind.case !== "condition") throw new Error("not a condition");
  return { ...kind.value, values: kind.value.values.map((value) => value.kind.value) };
}

describe("conditions", () => {
  it.each([
    { text: "country=DE", field: "country", operator: Operator.EQUALS, values: ["DE"] },
    { text: "country=DE|AT", field: "country", operator: Operator.IN, values: ["DE", "AT"] },
    { text: "country='a|b'|c", field: "country", operator: Operator.IN, values: ["a|b", "c"] },
    { text: "status=500", field: "status", operator: Operator.IN, values: ["500", 500] },
    { text: 'status="500"', field: "status", operator: Operator.EQUALS, values: ["500"] },
    { text: "country=", field: "country", operator: Operator.EQUALS, values: [""] },
    { text: "bot=true", field: "bot", operator: Operator.IN, values: ["true", true] },
    { text: "page~a=b", field: "page", operator: Operator.CONTAINS, values: ["a=b"] },
    { text: "page^=/docs", field: "page", operator: Operator.STARTS_WITH, values: ["/docs"] },
    { text: "status>=500", field: "status", operator: Operator.GREATER_OR_EQUAL, values: [500] },
    { text: "price < -1.5", field: "price", operator: Operator.LESS, values: [-1.5] },
    { text: "plan?", field: "plan", operator: Operator.EXISTS, values: [] },
    { text: "page=/a?b=c", field: "page", operator: Operator.EQUALS, values: ["/a?b=c"] },
  ])("$text", ({ text, field, operator, values }) => {
    expect(parsed(text)).toMatchObject({ field, operator, values });
  });

  it("are negated by !=", () => {
    const { kind } = create(FilterSchema, parseCondition("country!=DE"));
    expect(kind.case).toBe("not");
  });

  it("must all hold", () => {
    expect(parseConditions(undefined)).toBeUndefined();
    expect(create(FilterSchema, parseConditions(["a=1", "b?"])!).kind.case).toBe("all");
  });

  it.each(["country", "=x", "a>b", "a?b", ""])("%j is none", (text) => {
    expect(() => parseCondition(text)).toThrow(/is not a condition|needs a number/);
  });

  it("are shown as they are written", () => {
    for (const text of ["country=DE|AT", "status=500", "page^=/docs", "plan?", "price>=1"]) {
      expect(filterText(create(FilterSchema, parseCondition(text)))).toBe(text);
    }
  });
});
