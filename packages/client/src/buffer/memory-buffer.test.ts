import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countFrames } from "../event/event-frames.ts";
import { EventWriter } from "../event/event-writer.ts";
import type { Batch } from "./batch.ts";
import type { BufferLimits, Overflow } from "./event-buffer.ts";
import { MemoryBuffer } from "./memory-buffer.ts";

const writer = new EventWriter();
const frame = (eventId: string) => writer.write("e", undefined, { eventId }, {}, Date.UTC(2026)).slice();
const FRAME_BYTES = frame("0000").length;

function open(limits: Partial<BufferLimits>) {
  let dropped = 0;
  const buffer = new MemoryBuffer(
    { events: 1e6, bytes: 1e9, batchEvents: 1000, batchBytes: 1e6, overflow: "drop-newest", ...limits },
    (_, count) => {
      dropped += count;
    },
  );
  return { buffer, dropped: () => dropped };
}

function ids(batch: Batch | undefined): string[] {
  const text = new TextDecoder("latin1").decode(batch?.frames);
  return [...text.matchAll(/\d{4}/g)].map(([id]) => id);
}

const four = (i: number) => String(i).padStart(4, "0");

describe("a buffer that is full", () => {
  it.each([
    { bound: "events", limits: { events: 10 } },
    { bound: "bytes", limits: { bytes: 10 * FRAME_BYTES } },
  ])("drops the oldest of its $bound, and counts each", ({ limits }) => {
    const { buffer, dropped } = open({ ...limits, overflow: "drop-oldest", batchEvents: 4 });
    for (let i = 0; i < 25; i++) expect(buffer.append(frame(four(i)))).toBe(true);
    buffer.seal();
    const held = [];
    for (let batch = buffer.take(); batch !== undefined; batch = buffer.take()) held.push(...ids(batch));
    expect(held).toEqual(Array.from({ length: 10 }, (_, i) => four(i + 15)));
    expect(dropped()).toBe(15);
  });

  it.each(["drop-newest", "wait"] as const)("drops the newest with the policy %s, and counts each", (overflow) => {
    const { buffer, dropped } = open({ events: 10, overflow });
    for (let i = 0; i < 25; i++) expect(buffer.append(frame(four(i)))).toBe(i < 10);
    buffer.seal();
    expect(ids(buffer.take())).toEqual(Array.from({ length: 10 }, (_, i) => four(i)));
    expect(dropped()).toBe(15);
  });

  it("never drops what is being sent", () => {
    const { buffer, dropped } = open({ events: 2, batchEvents: 1, overflow: "drop-oldest" });
    buffer.append(frame("0001"));
    buffer.append(frame("0002"));
    const first = buffer.take()!;
    const second = buffer.take()!;
    expect(buffer.append(frame("0003"))).toBe(false);
    buffer.giveBack(second);
    expect(buffer.append(frame("0004"))).toBe(true);
    expect(dropped()).toBe(2);
    buffer.settle(first);
    expect(ids(buffer.take())).toEqual(["0004"]);
  });

  it("tells who waits when there is room again", async () => {
    const { buffer } = open({ events: 1, overflow: "wait" });
    await buffer.whenRoom();
    buffer.append(frame("0001"));
    buffer.seal();
    let isReady = false;
    const ready = buffer.whenRoom()?.then(() => {
      isReady = true;
    });
    const batch = buffer.take()!;
    await Promise.resolve();
    expect(isReady).toBe(false);
    buffer.settle(batch);
    await ready;
  });
});

describe("batches", () => {
  it("are closed at their bounds of events and of bytes", () => {
    const byEvents = open({ batchEvents: 3 }).buffer;
    for (let i = 0; i < 7; i++) byEvents.append(frame(four(i)));
    expect([byEvents.take()?.count, byEvents.take()?.count, byEvents.take()]).toEqual([3, 3, undefined]);
    const byBytes = open({ batchBytes: 2 * FRAME_BYTES + 1 }).buffer;
    for (let i = 0; i < 5; i++) byBytes.append(frame(four(i)));
    expect([byBytes.take()?.count, byBytes.take()?.count, byBytes.take()]).toEqual([2, 2, undefined]);
  });

  it("come back in the order of their sequences", () => {
    const { buffer } = open({ batchEvents: 1 });
    for (let i = 0; i < 4; i++) buffer.append(frame(four(i)));
    const taken = [buffer.take()!, buffer.take()!, buffer.take()!];
    for (const batch of [taken[2]!, taken[0]!, taken[1]!]) buffer.giveBack(batch);
    expect([0, 1, 2, 3].map(() => ids(buffer.take())[0])).toEqual(["0000", "0001", "0002", "0003"]);
  });

  it("tell when what was there at a moment is gone, whatever came later", () => {
    const { buffer } = open({ batchEvents: 1 });
    buffer.append(frame("0001"));
    const batch = buffer.take()!;
    const isDone = buffer.mark();
    buffer.append(frame("0002"));
    expect(isDone()).toBe(false);
    buffer.settle(batch);
    expect(isDone()).toBe(true);
  });
});

it("accounts for every event, whatever is done in whatever order", () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.constant("append" as const) },
    fc.constantFrom("take" as const, "giveBack" as const, "settle" as const, "seal" as const),
  );
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 120 }),
      fc.constantFrom<Overflow>("drop-oldest", "drop-newest"),
      fc.integer({ min: 1, max: 20 }),
      (actions, overflow, events) => {
        const { buffer, dropped } = open({ events, batchEvents: 3, overflow });
        const flying: Batch[] = [];
        let appended = 0;
        let settled = 0;
        for (const name of actions) {
          const batch = name === "settle" || name === "giveBack" ? flying.shift() : undefined;
          if (name === "append") buffer.append(frame(four(appended++)));
          else if (name === "seal") buffer.seal();
          else if (name === "take") flying.push(...[buffer.take()].filter((taken) => taken !== undefined));
          else if (batch !== undefined && name === "giveBack") buffer.giveBack(batch);
          else if (batch !== undefined) {
            settled += batch.count;
            buffer.settle(batch);
          }
          const { queued, inFlight, bytes } = buffer.counts;
          expect(queued + inFlight + settled + dropped()).toBe(appended);
          expect(queued + inFlight).toBeLessThanOrEqual(events);
          expect(bytes).toBe((queued + inFlight) * FRAME_BYTES);
          for (const held of flying) expect(countFrames(held.frames)).toBe(held.count);
        }
      },
    ),
    { numRuns: 200 },
  );
});
