import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepMinutesOf } from "./keep-minutes.ts";

const DAY = 1440;
/** No event is accepted that is further ahead of its receipt. */
const AHEAD_MAX = 5;
/** From an event's receipt until its record is in the log, at most, with clocks that differ. */
const APPENDED_WITHIN = 60;
const LOG_RETENTION = 7 * DAY;

describe("a block that expires", () => {
  it("is there for every fold that may add to it, however much that lags behind", () => {
    const moments = fc.record({
      retention: fc.integer({ min: 60, max: 3_660 * DAY }),
      ahead: fc.integer({ min: 0, max: AHEAD_MAX }),
      received: fc.double({ min: 0, max: 1, noNaN: true }),
      appended: fc.integer({ min: 0, max: APPENDED_WITHIN }),
      lag: fc.integer({ min: 0, max: LOG_RETENTION }),
    });
    fc.assert(
      fc.property(moments, ({ retention, ahead, received, appended, lag }) => {
        // The bucket starts at 0. The first of its events may come a little before; the last while it is kept.
        const expires = -ahead + (keepMinutesOf(retention) ?? Number.POSITIVE_INFINITY);
        const read = Math.floor(received * retention) + appended + lag;
        expect(read).toBeLessThan(expires);
      }),
    );
  });

  it("has six days and more to spare", () => {
    const left = keepMinutesOf(0)! - AHEAD_MAX - APPENDED_WITHIN - LOG_RETENTION;
    expect(left).toBeGreaterThan(6.9 * DAY);
  });

  it("does not, where its retention is for ever", () => {
    expect(keepMinutesOf(Number.POSITIVE_INFINITY)).toBeUndefined();
  });
});
