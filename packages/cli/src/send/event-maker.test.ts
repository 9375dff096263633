import { describe, expect, it } from "vitest";
import { zoneNamed } from "../zoned-time.ts";
import { createEventMaker } from "./event-maker.ts";
import { chooseRules, parseMappingFile, parseRule } from "./mapping.ts";
import type { Row } from "./row.ts";

const row = (cells: Row["cells"]): Row => ({ line: 1, position: 0, content: "c", cells });

function make(
  cells: Row["cells"],
  options: { columns?: string[]; map?: string[]; text?: string[]; example?: Row["cells"] } = {},
) {
  const given = (options.map ?? []).map(parseRule);
  const maker = createEventMaker(
    {
      rules: chooseRules(given, options.columns === undefined ? "ndjson" : "csv"),
      columns: options.columns,
      textColumns: new Set(options.text),
      zone: zoneNamed("UTC"),
      idSeed: "",
    },
    row(options.example ?? cells),
  );
  return maker(row(cells));
}

describe("events without a mapping", () => {
  it("are made of keys by their names; every other key is a property", () => {
    const event = make({
      event_type: "view",
      timestamp: 1_700_000_000,
      user_id: 17,
      properties: { a: 1, b: null },
      page: "/x",
      ok: true,
      none: null,
    });
    expect(event).toMatchObject({
      name: "view",
      userId: "17",
      time: { seconds: 1_700_000_000n, nanos: 0 },
      properties: { a: 1, page: "/x", ok: true },
    });
  });

  it("keep event_type as a property where there is a name", () => {
    expect(make({ name: "a", event_type: "b" })).toMatchObject({ name: "a", properties: { event_type: "b" } });
  });

  it("type plain decimals of CSV, but not what would lose something", () => {
    const columns = ["name", "a", "b", "c", "d", "e", "properties.f"];
    const event = make(["n", "12.50", "0012", "", "12345678901234567890", "1e5", "-3"], { columns });
    expect(event).toMatchObject({ properties: { a: 12.5, b: "0012", d: "12345678901234567890", e: "1e5", f: -3 } });
    expect((event as { properties: object }).properties).not.toHaveProperty("c");
  });

  it("take __proto__ for a key like any other", () => {
    const event = make(JSON.parse('{"name":"n","__proto__":"x"}')) as { properties: Record<string, unknown> };
    expect(Object.getOwnPropertyNames(event.properties)).toEqual(["__proto__"]);
  });
});

describe("events with a mapping", () => {
  const columns = ["InvoiceNo", "Quantity", "UnitPrice", "When"];

  it("have just what is mapped, and products as decimals", () => {
    const map = [
      "name='order'",
      "time=When",
      "order_id=InvoiceNo",
      "revenue=Quantity*UnitPrice",
      "cents=UnitPrice * 100",
    ];
    const event = make(["536365", "6", "2.55", "2010-12-01T08:26:00"], { columns, map, text: ["InvoiceNo"] });
    expect(event).toMatchObject({ name: "order", properties: { order_id: "536365", revenue: 15.3, cents: 255 } });
    expect(event).toMatchObject({ time: { seconds: BigInt(Date.UTC(2010, 11, 1, 8, 26) / 1_000) } });
  });

  it("reject a row whose factors are no numbers, and leave out what is empty", () => {
    const map = ["name='order'", "revenue=Quantity*UnitPrice"];
    expect(make(["1", "six", "2", ""], { columns, map })).toBe("properties.revenue: the factors are not numbers");
    expect(make(["1", "", "2", ""], { columns, map })).toMatchObject({ properties: {} });
  });

  it("name the nearest column, and say how fixed text is written", () => {
    expect(() => make(["", "", "", ""], { columns, map: ["name='a'", "x=Quantiti"] })).toThrow(
      /did you mean "Quantity"/,
    );
    expect(() => make(["", "", "", ""], { columns, map: ["name=order"] })).toThrow(/"name='order'"/);
  });

  it("find nested keys, and need the key in the first record unless it is optional", () => {
    expect(make({ a: { b: "x" } }, { map: ["name=a.b"] })).toMatchObject({ name: "x" });
    expect(() => make({ a: 1 }, { map: ["name='n'", "k=b"] })).toThrow(/FIELD\?=b/);
    expect(make({ b: 2 }, { map: ["name='n'", "k?=b"], example: { a: 1 } })).toMatchObject({ properties: { k: 2 } });
  });

  it("need a name", () => {
    expect(() => make({ a: 1 }, { map: ["k=a"] })).toThrow(/nothing says the event's name/);
    expect(make({ a: null }, { map: ["name=a"] })).toBe("name: the row has none");
  });

  it("say which time is none", () => {
    expect(make({ name: "n", time: "soon" })).toBe('time: "soon" is not a time');
  });

  it("may come from a file; what is given beside it wins", () => {
    const rules = chooseRules(
      [...parseMappingFile(`{"name": "'a'", "k": "x"}`, "m.json"), parseRule("name='b'")],
      "csv",
    )!;
    expect(rules).toHaveLength(2);
    expect(rules.find(({ field }) => field === "name")?.expression).toEqual([{ kind: "text", text: "b" }]);
    expect(() => parseMappingFile("[]", "m.json")).toThrow(/m.json must be an object/);
  });
});
