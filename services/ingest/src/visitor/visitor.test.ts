import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import type { Cache } from "@millrace/cache";
import { openEmbeddedCache } from "@millrace/cache/embedded";
import { Failure } from "@millrace/failure";
import { createTelemetry } from "@millrace/runtime";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { examineEvent } from "../decoded/examine-event.ts";
import { OutcomeCounters } from "../outcome-counters.ts";
import type { BatchFrame } from "../scan/batch-frame.ts";
import { EventScan } from "../scan/event-scan.ts";
import { encodeId, personOf } from "./person-of.ts";
import { daySessionOf, pseudonymOf } from "./pseudonym.ts";
import { Sessions } from "./sessions.ts";
import { type Visit, Visitors } from "./visitors.ts";

const NOON = Date.UTC(2026, 0, 31, 12);
const MINUTE_MS = 60_000;
const SALT = new Uint8Array(32).fill(7);
const PSEUDONYM = /^v[\w-]{22}$/;
const SESSION = /^s[\w-]{22}$/;
const VISIT: Visit = { projectId: "shop", address: "203.0.113.7", userAgent: "Firefox", nowMs: NOON };

type Init = Partial<Pick<Event, "eventId" | "userId" | "anonymousId" | "sessionId">>;

function frameOf(...events: Init[]): BatchFrame {
  return frameOfBytes(
    events.map((event) => toBinary(EventSchema, create(EventSchema, { name: "page_view", ...event }))),
  );
}

function frameOfBytes(encoded: readonly Uint8Array[]): BatchFrame {
  const ranges = new Int32Array(2 * encoded.length);
  let at = 0;
  for (const [i, bytes] of encoded.entries()) {
    ranges[2 * i] = at;
    at += bytes.length;
    ranges[2 * i + 1] = at;
  }
  return { bytes: Buffer.concat(encoded), count: encoded.length, ranges, sentAtMs: undefined };
}

const bytesOf = ({ bytes, ranges }: BatchFrame, i: number) => bytes.subarray(ranges[2 * i]!, ranges[2 * i + 1]!);
const eventsOf = (frame: BatchFrame) =>
  Array.from({ length: frame.count }, (_, i) => fromBinary(EventSchema, bytesOf(frame, i)));

/** Visitors over a cache whose clock a test moves. */
async function setUp(options: { salt?: Uint8Array | undefined; wrap?: (cache: Cache) => Cache } = { salt: SALT }) {
  const clock = { nowMs: NOON };
  const embedded = await openEmbeddedCache({ clock: () => clock.nowMs });
  const telemetry = await createTelemetry({ service: "test", version: "0" });
  onTestFinished(async () => {
    await embedded.close();
    await telemetry.shutdown();
  });
  const cache = options.wrap?.(embedded) ?? embedded;
  const counters = new OutcomeCounters(telemetry.meter);
  const visitors = new Visitors({ salt: async () => options.salt, cache, counters });
  const name = async (visit: Partial<Visit>, ...events: Init[]) =>
    eventsOf(await visitors.name(frameOf(...events), { ...VISIT, nowMs: clock.nowMs, ...visit }));
  return { clock, visitors, name, metrics: () => telemetry.prometheusText() };
}

describe("a visitor", () => {
  it("is a pseudonym that project, address, browser and the day's secret make, and nothing else", () => {
    const one = pseudonymOf(SALT, "shop", "203.0.113.7", "Firefox");
    expect(one).toMatch(PSEUDONYM);
    expect(pseudonymOf(SALT, "shop", "203.0.113.7", "Firefox")).toBe(one);
    const others = [
      pseudonymOf(SALT, "blog", "203.0.113.7", "Firefox"),
      pseudonymOf(SALT, "shop", "203.0.113.8", "Firefox"),
      pseudonymOf(SALT, "shop", "203.0.113.7", "Chrome"),
      pseudonymOf(new Uint8Array(32), "shop", "203.0.113.7", "Firefox"),
    ];
    expect(new Set([one, ...others]).size).toBe(5);
  });

  it("is written into events that name nobody; whoever names somebody is left alone", async () => {
    const { name } = await setUp();
    const events = await name({}, {}, { userId: "ada" }, { anonymousId: "device" }, { sessionId: "own" });
    expect(events[0]!.anonymousId).toBe(pseudonymOf(SALT, "shop", "203.0.113.7", "Firefox"));
    expect(events[1]).toMatchObject({ userId: "ada", anonymousId: "" });
    expect(events[2]).toMatchObject({ userId: "", anonymousId: "device" });
    expect(events[3]).toMatchObject({ anonymousId: events[0]!.anonymousId, sessionId: "own" });
    for (const event of events.slice(0, 3)) expect(event.sessionId).toMatch(SESSION);
  });

  it("is unknown without the day's secret or an address, and that is counted", async () => {
    const { name, metrics } = await setUp({ salt: undefined });
    const [unknown, ada] = await name({}, {}, { userId: "ada" });
    expect(unknown).toMatchObject({ anonymousId: "", sessionId: "" });
    expect(ada!.sessionId).toMatch(SESSION);
    expect(await metrics()).toMatch(/millrace_ingest_unknown_visitors_total\{[^}]*millrace_project="shop"[^}]*\} 1/);
    const known = await setUp();
    expect((await known.name({ address: "" }, {}))[0]).toMatchObject({ anonymousId: "", sessionId: "" });
  });
});

describe("a session", () => {
  it("goes on while its visitor sends something within 30 minutes, and then another begins", async () => {
    const { name, clock } = await setUp();
    const sessionNow = async () => (await name({}, {}))[0]!.sessionId;
    const first = await sessionNow();
    for (let i = 0; i < 5; i++) {
      clock.nowMs += 29 * MINUTE_MS;
      expect(await sessionNow()).toBe(first);
    }
    clock.nowMs += 30 * MINUTE_MS;
    const second = await sessionNow();
    expect(second).toMatch(SESSION);
    expect(second).not.toBe(first);
  });

  it("is of one visitor in one project", async () => {
    const { name } = await setUp();
    const visits = [{}, { userAgent: "Chrome" }, { projectId: "blog" }, { address: "203.0.113.9" }];
    const sessions = await Promise.all(visits.map(async (visit) => (await name(visit, {}))[0]!.sessionId));
    expect(new Set(sessions).size).toBe(4);
    const [one, two] = await name({}, { anonymousId: "one" }, { anonymousId: "two" });
    expect(one!.sessionId).not.toBe(two!.sessionId);
  });

  it("goes on when its visitor signs in, and for as long as either sends something", async () => {
    const { name, clock } = await setUp();
    const [view, signIn] = await name({}, {}, { userId: "ada" });
    expect(signIn!.sessionId).toBe(view!.sessionId);
    for (const event of [{ userId: "ada" }, { userId: "ada" }, {}, {}, { userId: "ada" }]) {
      clock.nowMs += 20 * MINUTE_MS;
      expect((await name({}, event))[0]!.sessionId).toBe(view!.sessionId);
    }
  });

  it("is not shared by users who have the same address and browser, whoever came first", async () => {
    const { name } = await setUp();
    const sessionOf = async (event: Init) => (await name({}, event))[0]!.sessionId;
    const ada = await sessionOf({ userId: "ada" });
    const bob = await sessionOf({ userId: "bob" });
    expect(bob).not.toBe(ada);
    expect(await sessionOf({ userId: "ada" })).toBe(ada);
    expect(await sessionOf({ userId: "bob" })).toBe(bob);
    expect(await sessionOf({})).toBe(ada);
  });

  it("of a user goes on where nothing is known of the device", async () => {
    const { name } = await setUp({ salt: undefined });
    const [first, again, bob] = await name({}, { userId: "ada" }, { userId: "ada" }, { userId: "bob" });
    expect(first!.sessionId).toMatch(SESSION);
    expect(again!.sessionId).toBe(first!.sessionId);
    expect(bob!.sessionId).not.toBe(first!.sessionId);
  });

  it("is one for a visitor's first requests, which come together", async () => {
    const { name } = await setUp();
    const sessions = await Promise.all(Array.from({ length: 20 }, async () => (await name({}, {}))[0]!.sessionId));
    expect(new Set(sessions).size).toBe(1);
  });

  it("is one for a visitor whose first requests come to several processes at once", async () => {
    const cache = await openEmbeddedCache({ clock: () => NOON });
    onTestFinished(() => cache.close());
    const owner = { projectId: "shop", device: Buffer.from("device"), user: Buffer.of() };
    const processes = [new Sessions(cache), new Sessions(cache), new Sessions(cache)];
    const sessions = await Promise.all(processes.map((one) => one.of(owner, NOON)));
    expect(new Set(sessions).size).toBe(1);
    expect(sessions[0]).not.toBe(daySessionOf("shop", owner.device, NOON));
  });

  it("is the visitor's day where the cache is away", async () => {
    const away = () => Promise.reject(new Failure("unavailable", "BACKEND_UNAVAILABLE", "away"));
    const { name, clock } = await setUp({ salt: SALT, wrap: (cache) => ({ ...wrapped(cache), get: away, set: away }) });
    const first = (await name({}, {}))[0]!.sessionId;
    clock.nowMs = Date.UTC(2026, 1, 1) - 1;
    expect((await name({}, {}))[0]!.sessionId).toBe(first);
    clock.nowMs += 1;
    expect((await name({}, {}))[0]!.sessionId).not.toBe(first);
  });

  it("is the visitor's day where the cache does not answer, for which hardly anybody waits", async () => {
    const never = () => new Promise<never>(() => {});
    const { name } = await setUp({ salt: SALT, wrap: (cache) => ({ ...wrapped(cache), get: never, set: never }) });
    const began = performance.now();
    const [first] = await name({}, {});
    for (let i = 0; i < 200; i++) {
      const [again] = await name({}, {}, { anonymousId: `device ${i}` });
      expect(again!.sessionId).toBe(first!.sessionId);
    }
    // One wait of 100 ms, and one more for each second that this takes on a slow machine.
    const tookMs = performance.now() - began;
    expect(tookMs).toBeLessThan(1000);
  });

  it("is looked up for a few visitors of a request only; the day is a session for more", async () => {
    let reads = 0;
    const counting = (cache: Cache): Cache => ({
      ...wrapped(cache),
      get(...all) {
        reads += 1;
        return cache.get(...all);
      },
    });
    const { name } = await setUp({ salt: SALT, wrap: counting });
    const events = await name({}, ...Array.from({ length: 500 }, (_, i) => ({ anonymousId: `a${i}` })));
    expect(reads).toBe(8);
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(500);
  });
});

describe("what is written into an event", () => {
  it("changes nothing else of it, whatever it is, and makes no acceptable event unacceptable", async () => {
    const { visitors } = await setUp();
    const scan = new EventScan();
    const text = fc.oneof(fc.constant(""), fc.string({ maxLength: 60, unit: "binary" }));
    const event = fc.record({
      eventId: text,
      name: fc.constant("n"),
      userId: text,
      anonymousId: text,
      sessionId: text,
    });
    // Fields that come twice, and a field of a later version.
    const trailing = fc.constantFrom([], [0x2a, 0], [0x32, 1, 0x61], [0x22, 1, 0x62, 0x22, 0], [0x4a, 1, 0x61]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(event, trailing), { minLength: 1, maxLength: 5 }), async (events) => {
        const encoded = events.map(([init, more]) =>
          Buffer.concat([toBinary(EventSchema, create(EventSchema, init)), Buffer.from(more)]),
        );
        const named = await visitors.name(frameOfBytes(encoded), VISIT);
        for (const [i, bytes] of encoded.entries()) {
          const before = fromBinary(EventSchema, bytes);
          const after = fromBinary(EventSchema, bytesOf(named, i));
          const isNobody = before.userId === "" && before.anonymousId === "";
          expect(after).toEqual({
            ...before,
            anonymousId: isNobody ? expect.stringMatching(PSEUDONYM) : before.anonymousId,
            sessionId: before.sessionId === "" ? expect.stringMatching(SESSION) : before.sessionId,
          });
          const wasAccepted = examineEvent(bytes, 0, bytes.length) instanceof Uint8Array;
          const judged = bytesOf(named, i);
          const isAccepted = examineEvent(judged, 0, judged.length) instanceof Uint8Array;
          expect(isAccepted).toBe(wasAccepted);
          if (scan.accepts(judged, 0, judged.length)) expect(isAccepted).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("leaves what can't be read, what was rejected, and what has no room as it is", async () => {
    const { visitors } = await setUp();
    const full = toBinary(EventSchema, create(EventSchema, { name: "n", properties: {} }));
    const unknown = Buffer.concat([full, Buffer.from([0x42, 0xe0, 0xff, 0x01]), Buffer.alloc(32_736)]);
    expect(unknown.length).toBeLessThanOrEqual(32 * 1024);
    const encoded = [Uint8Array.from([0x12, 0x7f]), new Uint8Array(0), unknown];
    const named = await visitors.name(frameOfBytes(encoded), VISIT, new Map([[1, true]]));
    for (const [i, bytes] of encoded.entries()) expect(Buffer.from(bytesOf(named, i))).toEqual(Buffer.from(bytes));
  });

  it("is read as it was written", () => {
    const bytes = Buffer.concat([encodeId("anonymous_id", "v1"), encodeId("session_id", "s1")]);
    expect(personOf(bytes, 0, bytes.length)).toMatchObject({
      anonymous: Buffer.from("v1"),
      hasSession: true,
    });
  });
});

/** The cache as an object whose methods can be replaced. */
function wrapped(cache: Cache): Cache {
  return {
    get: (...all) => cache.get(...all),
    set: (...all) => cache.set(...all),
    delete: (...all) => cache.delete(...all),
    increment: (...all) => cache.increment(...all),
    publish: (...all) => cache.publish(...all),
    subscribe: (...all) => cache.subscribe(...all),
    close: () => cache.close(),
  };
}
