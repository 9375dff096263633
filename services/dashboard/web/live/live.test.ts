import { create } from "@bufbuild/protobuf";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { type TailResponse, TailResponseSchema } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoffMs } from "./backoff.ts";
import { addEvents, type EventList, NO_EVENTS } from "./event-list.ts";
import { eventDetail, personOf } from "./event-text.ts";
import { Throttle } from "./throttle.ts";

const message = (names: readonly string[], skipped = 0): TailResponse =>
  create(TailResponseSchema, { events: names.map((name) => ({ event: { name } })), skippedCount: BigInt(skipped) });
const namesOf = (list: EventList): string[] | undefined => list.events?.map(({ event }) => event.event?.name ?? "");

describe("the list of last events", () => {
  it("has the newest first", () => {
    const one = addEvents(NO_EVENTS, { kind: "message", message: message(["a", "b"]) });
    const two = addEvents(one, { kind: "message", message: message(["c"], 3) });
    expect(namesOf(two)).toEqual(["c", "b", "a"]);
    expect(two.skipped).toBe(3);
  });

  it("shows what was there while a tail opens anew, then what that brings", () => {
    const before = addEvents(NO_EVENTS, { kind: "message", message: message(["a"]) });
    const opening = addEvents(addEvents(before, { kind: "begin" }), { kind: "message", message: message([]) });
    expect(namesOf(opening)).toEqual(["a"]);
    expect(namesOf(addEvents(opening, { kind: "message", message: message(["a", "b"]) }))).toEqual(["b", "a"]);
  });

  it("is empty only once it is known to be", () => {
    const opened = addEvents(NO_EVENTS, { kind: "message", message: message([]) });
    expect(namesOf(opened)).toBeUndefined();
    expect(namesOf(addEvents(opened, { kind: "settled" }))).toEqual([]);
  });

  it("never grows beyond 50, and tells all events apart", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { maxLength: 40 }), { maxLength: 6 }), (messages) => {
        const list = messages.reduce(
          (before, names) => addEvents(before, { kind: "message", message: message(names) }),
          NO_EVENTS,
        );
        const keys = (list.events ?? []).map(({ key }) => key);
        expect(keys.length).toBeLessThanOrEqual(50);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys).toEqual(keys.toSorted((a, b) => b - a));
      }),
    );
  });
});

describe("a line of an event", () => {
  it("says the page, where it came from and with what", () => {
    const event = create(EventSchema, { name: "page_view", properties: { url: "https://x/a", country: "DE" } });
    expect(eventDetail(event, { page: "/a", referrer_source: "(direct)", browser: "Firefox" })).toEqual({
      main: "/a",
      more: "Direct · Germany · Firefox",
    });
  });

  it("says the properties of what is no page", () => {
    const event = create(EventSchema, { name: "order", properties: { product: "Lamp", revenue: 49.9, note: null } });
    expect(eventDetail(event, {})).toEqual({ main: "product Lamp, revenue 49.9", more: "" });
  });

  it("does not read as another by marks that can't be seen", () => {
    const event = create(EventSchema, {
      name: "x",
      userId: "\u202eada",
      properties: { "a\u2066": "b\n\u0007\u202ec" },
    });
    expect(eventDetail(event, { browser: "\u200fFox" })).toEqual({ main: "a· b···c", more: "·Fox" });
    expect(personOf(event)).toBe("·ada");
  });

  it("tells people apart by the beginning of their pseudonyms", () => {
    expect(personOf(create(EventSchema, { anonymousId: "0123456789" }))).toBe("01234567");
  });
});

describe("the pause before the next attempt", () => {
  it("grows up to 15 seconds, and half of it is random", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const ms = backoffMs(failures, random);
          const full = Math.min(15_000, 500 * 2 ** (failures - 1));
          expect(ms).toBeGreaterThanOrEqual(full / 2);
          expect(ms).toBeLessThan(full);
        },
      ),
    );
  });
});

describe("what is throttled", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function counting(workMs: number) {
    const count = { calls: 0 };
    const throttle = new Throttle(async () => {
      count.calls += 1;
      await new Promise((resolve) => setTimeout(resolve, workMs));
    }, 100);
    return { count, throttle };
  }

  it("is done at once, and once more for all that came within the pause", async () => {
    const { count, throttle } = counting(0);
    throttle.want();
    throttle.want();
    throttle.want();
    expect(count.calls).toBe(1);
    await vi.advanceTimersByTimeAsync(101);
    expect(count.calls).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(count.calls).toBe(2);
  });

  it("leaves others three times as long as it took", async () => {
    const { count, throttle } = counting(200);
    throttle.want();
    throttle.want();
    await vi.advanceTimersByTimeAsync(790);
    expect(count.calls).toBe(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(count.calls).toBe(2);
  });

  it("is not done after it was stopped", async () => {
    const { count, throttle } = counting(0);
    throttle.want();
    throttle.want();
    throttle.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(count.calls).toBe(1);
  });
});
