import { describe, expect, it } from "vitest";
import { newEventId } from "../browser/event-id.ts";

describe("an event's id", () => {
  it("is a UUIDv7 that says when the event was", () => {
    for (const nowMs of [0, 1, 1_767_225_600_000, 2 ** 48 - 1]) {
      const id = newEventId(nowMs);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(nowMs);
    }
  });

  it("differs from those of the same moment", () => {
    const ids = Array.from({ length: 10_000 }, () => newEventId(1_767_225_600_000));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
