import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { addProperty } from "./property-option.ts";

function added(text: string, isText = false): JsonObject {
  const properties: JsonObject = {};
  addProperty(properties, text, isText);
  return properties;
}

describe("--prop", () => {
  it.each([
    ["a=1", { a: 1 }],
    ["a=-1.5e3", { a: -1500 }],
    ["a=true", { a: true }],
    ["a='1'", { a: "1" }],
    ["a=007", { a: "007" }],
    ["url=https://x/?a=b", { url: "https://x/?a=b" }],
    ["a=", { a: "" }],
  ])("%s", (text, expected) => {
    expect(added(text)).toEqual(expected);
  });

  it("--prop-text leaves everything text", () => {
    expect(added("a=1", true)).toEqual({ a: "1" });
  });

  it("needs a key", () => {
    expect(() => added("=1")).toThrow(/KEY=VALUE/);
    expect(() => added("a")).toThrow(/KEY=VALUE/);
  });
});
