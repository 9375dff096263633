import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFixture } from "../testing/fixture.ts";
import { settled } from "../testing/virtual-clock.ts";

const verdict = (code: Code, reason: string) =>
  new ConnectError("told by the server", code, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: "millrace.dev" } },
  ]);
const away = () => new ConnectError("connect ECONNREFUSED", Code.Unavailable);

describe("events go", () => {
  it("when a batch is full, or a moment after its first event", async () => {
    const { clock, carrier, track } = createFixture();
    track(25);
    await settled();
    expect(carrier.last.batches.map(({ count }) => count)).toEqual([10, 10]);
    await clock.advance(99);
    expect(carrier.last.batches).toHaveLength(2);
    await clock.advance(1);
    expect(carrier.last.batches.map(({ count }) => count)).toEqual([10, 10, 5]);
  });

  it("on one stream for a second, and then on the next while the answer is awaited", async () => {
    const { clock, carrier, track } = createFixture();
    track(10);
    await clock.advance(999);
    track(10);
    await clock.advance(0);
    expect(carrier.attempts).toHaveLength(1);
    expect(carrier.last.hasEnded).toBe(false);
    await clock.advance(1);
    expect(carrier.last.hasEnded).toBe(true);
    track(10);
    await clock.advance(0);
    expect(carrier.attempts.map(({ sequences }) => sequences)).toEqual([[1, 2], [3]]);
  });

  it("on no more streams than may be unanswered", async () => {
    const { clock, carrier, track } = createFixture();
    for (let i = 0; i < 6; i++) {
      track(10);
      await clock.advance(1000);
    }
    expect(carrier.attempts).toHaveLength(3);
    carrier.attempts[0]?.accept();
    await clock.advance(0);
    expect(carrier.attempts.map(({ sequences }) => sequences)).toEqual([[1], [2], [3], [4, 5, 6]]);
  });
});

describe("what an answer does not cover", () => {
  it("is sent again at once on the next stream, with the same sequences", async () => {
    const { clock, carrier, producer, track } = createFixture();
    track(40);
    await clock.advance(0);
    carrier.last.accept(2);
    await clock.advance(0);
    expect(carrier.attempts.map(({ sequences }) => sequences)).toEqual([
      [1, 2, 3, 4],
      [3, 4],
    ]);
    expect(producer.stats()).toMatchObject({ accepted: 20, inFlight: 20, retries: 0 });
  });

  it("goes before newer events, on a stream of its own when a newer one is open", async () => {
    const { clock, carrier, track } = createFixture();
    track(20);
    await clock.advance(1000);
    track(10);
    await clock.advance(0);
    carrier.attempts[0]?.accept(1);
    await clock.advance(0);
    expect(carrier.attempts.map(({ sequences }) => sequences)).toEqual([[1, 2], [3], [2]]);
  });

  it("waits a moment when an append failed or the server takes nothing", async () => {
    for (const answer of [{ through: 1, isTroubled: true }, { through: -1 }]) {
      const { clock, carrier, track } = createFixture();
      track(20);
      await clock.advance(0);
      carrier.last.accept(answer.through, answer);
      await clock.advance(49);
      expect(carrier.attempts).toHaveLength(1);
      await clock.advance(1);
      expect(carrier.attempts).toHaveLength(2);
    }
  });

  it("is only the events to be repeated, where the answer names them", async () => {
    const { clock, carrier, producer, track } = createFixture();
    track(10);
    await clock.advance(0);
    const [batch] = carrier.last.batches;
    const frames = batch!.frames.slice(0, batch!.byteLength / 2);
    carrier.last.accept(1, { accepted: 5, remainder: { batch: batch!, frames, count: 5 }, isTroubled: true });
    await clock.advance(50);
    expect(carrier.last.batches.map(({ sequence, count }) => [sequence, count])).toEqual([[1, 5]]);
    carrier.last.accept();
    await settled();
    expect(producer.stats()).toMatchObject({ accepted: 10, queued: 0, inFlight: 0 });
  });
});

describe("when the server is away", () => {
  it.each([
    { what: "the connection is refused", error: away() },
    { what: "HTTP/2 refuses the stream while it drains", error: new ConnectError("stream closed", Code.Internal) },
    { what: "the stream is cancelled", error: new ConnectError("CANCEL", Code.Canceled) },
    { what: "the connection breaks", error: new ConnectError("ECONNRESET", Code.Aborted) },
    { what: "a proxy answers", error: new ConnectError("HTTP 502", Code.Unknown) },
    { what: "the server says that it drains", error: verdict(Code.Unavailable, "DRAINING") },
  ])("nobody but onIssue sees that $what", async ({ error }) => {
    const { clock, carrier, producer, track, issues } = createFixture();
    track(20);
    await clock.advance(0);
    carrier.last.fail(error);
    await clock.advance(50);
    expect(carrier.attempts).toHaveLength(2);
    carrier.last.accept();
    await clock.advance(0);
    carrier.last.accept();
    await clock.advance(0);
    expect(producer.stats()).toMatchObject({ accepted: 20, queued: 0, inFlight: 0, rejected: {}, dropped: {} });
    expect(issues.map(({ kind }) => kind)).toEqual(["retrying"]);
  });

  it("asks ever more rarely, with one batch, and goes on with all when that went well", async () => {
    const { clock, carrier, track } = createFixture();
    track(50);
    await clock.advance(0);
    for (const delay of [50, 100, 200, 400]) {
      carrier.last.fail(away());
      const { length } = carrier.attempts;
      await clock.advance(delay - 1);
      expect(carrier.attempts).toHaveLength(length);
      await clock.advance(1);
      expect(carrier.attempts).toHaveLength(length + 1);
      expect(carrier.last.sequences).toEqual([1]);
    }
    carrier.last.accept();
    await clock.advance(0);
    expect(carrier.last.sequences).toEqual([2, 3, 4, 5]);
  });

  it("counts several streams that break together as one failure", async () => {
    const { clock, carrier, track } = createFixture();
    for (let i = 0; i < 3; i++) {
      track(10);
      await clock.advance(1000);
    }
    for (const attempt of carrier.attempts) attempt.fail(away());
    await settled();
    await clock.advance(50);
    expect(carrier.attempts).toHaveLength(4);
    expect(carrier.last.sequences).toEqual([1]);
  });

  it("waits as long as RetryInfo and Retry-After say", async () => {
    const asked = new ConnectError("full", Code.ResourceExhausted, { "retry-after": "2" }, [
      { desc: RetryInfoSchema, value: { retryDelay: { seconds: 3n } } },
    ]);
    const { clock, carrier, producer, track } = createFixture();
    track(10);
    await clock.advance(0);
    carrier.last.fail(asked);
    // Not even somebody who waits for it changes that.
    void producer.flush({ timeoutMs: 60_000 });
    await clock.advance(3000);
    expect(carrier.attempts).toHaveLength(1);
    await clock.advance(100);
    expect(carrier.attempts).toHaveLength(2);
  });

  it("keeps to its budget of retries in the long run", async () => {
    const { clock, carrier, track } = createFixture({ retry: { maxDelayMs: 100 } });
    track(10);
    for (let second = 0; second < 600; second++) {
      if (carrier.attempts.length > 0) carrier.last.fail(away());
      await clock.advance(1000);
    }
    expect(carrier.attempts.length).toBeGreaterThan(100);
    expect(carrier.attempts.length).toBeLessThan(10 + 600 * 0.2 + 5);
  });

  it("gives an answer up that does not come", async () => {
    const { clock, carrier, track } = createFixture();
    track(10);
    await clock.advance(1000 + 29_999);
    // A slow connection is not a dead one.
    carrier.last.sent = 1;
    await clock.advance(30_000);
    expect(carrier.last.aborted).toBeUndefined();
    await clock.advance(1);
    expect(carrier.last.aborted).toBeDefined();
    await clock.advance(50);
    expect(carrier.last.sequences).toEqual([1]);
  });
});

describe("when only a person can help", () => {
  it.each([
    {
      what: "the key is wrong",
      error: verdict(Code.Unauthenticated, "CREDENTIAL_UNKNOWN"),
      reason: "CREDENTIAL_UNKNOWN",
    },
    { what: "the key may not", error: verdict(Code.PermissionDenied, "SCOPE_MISSING"), reason: "SCOPE_MISSING" },
    { what: "there is no Millrace", error: new ConnectError("HTTP 404", Code.Unimplemented), reason: "Unimplemented" },
  ])("says so, and asks once a minute or so: $what", async ({ error, reason }) => {
    const { clock, carrier, producer, track, issues } = createFixture();
    for (let i = 0; i < 3; i++) {
      track(10);
      await clock.advance(0);
      carrier.last.fail(error);
      await clock.advance(44_999);
      expect(carrier.attempts).toHaveLength(i + 1);
      await clock.advance(1);
    }
    expect(issues[0]).toMatchObject({ kind: "blocked", reason });
    expect(producer.stats()).toMatchObject({ queued: 20, inFlight: 10, dropped: {} });
  });

  it("rejects the one batch that the server refuses, and no other", async () => {
    const { clock, carrier, producer, track, issues } = createFixture();
    track(50);
    for (let turn = 0; turn < 20; turn++) {
      await clock.advance(0);
      const attempt = carrier.last;
      if (attempt.sequences.includes(3)) attempt.fail(verdict(Code.InvalidArgument, "REQUEST_MALFORMED"));
      else attempt.accept();
    }
    expect(producer.stats()).toMatchObject({
      accepted: 40,
      rejected: { REQUEST_MALFORMED: 10 },
      queued: 0,
      inFlight: 0,
    });
    expect(issues).toContainEqual(
      expect.objectContaining({ kind: "rejected", reason: "REQUEST_MALFORMED", count: 10 }),
    );
  });
});

it("counts what the server rejects, by reason, and tells of one of them", async () => {
  const { clock, carrier, producer, track, issues } = createFixture();
  track(10);
  await clock.advance(0);
  const refusal = { reason: "EVENT_TIME_IN_FUTURE", count: 3, message: "too late", eventId: "x", field: "time" };
  carrier.last.accept(1, { accepted: 6, duplicate: 1, refusals: [refusal] });
  await settled();
  expect(producer.stats()).toMatchObject({ accepted: 6, duplicate: 1, rejected: { EVENT_TIME_IN_FUTURE: 3 } });
  expect(issues).toEqual([{ kind: "rejected", ...refusal }]);
});

it("delivers every event once in the end, and its account holds, whatever the server does", async () => {
  const step = fc.record({
    events: fc.integer({ min: 0, max: 30 }),
    advanceMs: fc.integer({ min: 0, max: 1500 }),
    answer: fc.constantFrom("accept", "part", "fail", "internal", "none"),
    which: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { clock, carrier, producer, track, imbalance } = createFixture();
      const open = () => carrier.attempts.filter((attempt) => !answered.has(attempt));
      const answered = new Set<unknown>();
      for (const { events, advanceMs, answer, which } of steps) {
        track(events);
        await clock.advance(advanceMs);
        const attempt = open()[which];
        if (attempt !== undefined && answer !== "none") {
          answered.add(attempt);
          if (answer === "accept") attempt.accept();
          else if (answer === "part") attempt.accept(attempt.sequences[0]);
          else attempt.fail(answer === "fail" ? away() : new ConnectError("", Code.Internal));
          await settled();
        }
        expect(imbalance()).toBe(0);
      }
      const flushed = producer.flush({ timeoutMs: 1e9 });
      for (let turn = 0; producer.pending > 0 && turn < 1000; turn++) {
        for (const attempt of open()) {
          answered.add(attempt);
          attempt.accept();
        }
        await clock.advance(1000);
      }
      expect(await flushed).toEqual({ pending: 0 });
      const { tracked, accepted } = producer.stats();
      expect(accepted).toBe(tracked);
    }),
    { numRuns: 40 },
  );
});
