import { describe, expect, it } from "vitest";
import { eventIdOf } from "./event-id.ts";

describe("event ids of records", () => {
  it("never change: files that were sent last year are recognised", () => {
    expect(eventIdOf("", 0, "a,b")).toBe(eventIdOf("", 0, "a,b"));
    expect(eventIdOf("", 0, '{"name":"x"}')).toMatchInlineSnapshot(`"9818786a70f239af1abc4065b919ca8e"`);
    expect(eventIdOf("seed", 541_908, "Zürich")).toMatchInlineSnapshot(`"c77d4afc4d1f330f928a2f87f49b40da"`);
  });

  it("differ by seed, place and content", () => {
    const ids = [eventIdOf("", 0, "a"), eventIdOf("s", 0, "a"), eventIdOf("", 1, "a"), eventIdOf("", 0, "b")];
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});
