import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@millrace/api/google/rpc/error_details_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { Reason } from "@millrace/api/millrace/failure/v1/reason_pb";
import { IngestService, Outcome, SendRequestSchema } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import type { EventAppender, EventSection } from "@millrace/event-log";
import { Failure } from "@millrace/failure";
import { describe, expect, it } from "vitest";
import { bearer, type Fixture, failingLog, NOW, post, startIngest } from "./testing/fixture.ts";

const UUID_7 = "0192e4a0-1b2c-7def-8123-456789abcdef";
const SEND = "/millrace.ingest.v1.IngestService/Send";

const events = (sections: readonly EventSection[]) =>
  sections.flatMap((section) =>
    section.events.map((event) => ({ ...event, decoded: fromBinary(EventSchema, event.bytes) })),
  );
const reasonOf = (thrown: unknown) => ConnectError.from(thrown).findDetails(ErrorInfoSchema)[0]?.reason;
async function errorOf(promise: Promise<unknown>): Promise<ConnectError> {
  return promise.then(
    () => expect.fail("it did not fail"),
    (thrown: unknown) => ConnectError.from(thrown),
  );
}
const jsonPost = (fixture: Fixture, body: unknown, headers: Record<string, string> = {}) =>
  post(`${fixture.server.url}/v1/events`, typeof body === "string" ? body : JSON.stringify(body), {
    authorization: "Bearer ingest-key",
    "content-type": "application/json",
    ...headers,
  });

describe("Send", () => {
  const transports = {
    gRPC: (baseUrl: string) => createGrpcTransport({ baseUrl }),
    "gRPC, compressed": (baseUrl: string) =>
      createGrpcTransport({ baseUrl, sendCompression: compressionGzip, compressMinBytes: 1 }),
    "gRPC in JSON": (baseUrl: string) => createGrpcTransport({ baseUrl, useBinaryFormat: false }),
    "gRPC-Web": (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    Connect: (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }),
    "Connect, compressed": (baseUrl: string) =>
      createConnectTransport({
        baseUrl,
        httpVersion: "1.1",
        useBinaryFormat: true,
        sendCompression: compressionGzip,
        compressMinBytes: 1,
      }),
    "Connect in JSON": (baseUrl: string) =>
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    it(`puts exactly what was acknowledged into the log, by ${name}`, async () => {
      const fixture = await startIngest();
      const client = createClient(IngestService, transport(fixture.server.url));
      const sent = [
        {
          eventId: UUID_7,
          name: "order",
          time: timestampFromMs(NOW - 1000),
          userId: "u",
          properties: { price: 9.5, vip: true, note: "für Zoë" },
        },
        { eventId: "bad", name: "" },
        { name: "no id" },
      ];
      const answer = await client.send({ events: sent }, bearer("ingest-key"));
      expect(answer).toMatchObject({ acceptedCount: 2, duplicateCount: 0, rejectedCount: 1, retryCount: 0 });
      expect(answer.outcomes).toMatchObject([
        { index: 1, eventId: "bad", outcome: Outcome.REJECTED, reason: Reason.EVENT_NAME_MISSING, field: "name" },
      ]);
      const sections = await fixture.sections();
      expect(sections).toMatchObject([
        { projectId: "shop", revision: 7, processingVersion: 3, imported: false, receivedAtMs: NOW },
      ]);
      const [order, other] = events(sections);
      expect(order!.decoded).toEqual(create(EventSchema, sent[0]!));
      expect(order).toMatchObject({ timeMs: NOW - 1000, claimTimeMs: 0x0192e4a01b2c, late: false, assignedId: "" });
      expect(other!.decoded).toEqual(create(EventSchema, sent[2]!));
      expect(other).toMatchObject({ timeMs: NOW, late: false });
      expect(other!.assignedId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    });
  }

  it("refuses who may not send, with the reason", async () => {
    const { client } = await startIngest();
    const cases: [Record<string, string>, Code, string][] = [
      [{}, Code.Unauthenticated, "CREDENTIAL_MISSING"],
      [{ authorization: "Basic abc" }, Code.Unauthenticated, "CREDENTIAL_MALFORMED"],
      [{ authorization: "Bearer nonsense" }, Code.Unauthenticated, "CREDENTIAL_MALFORMED"],
      [{ "x-api-key": "unknown-key" }, Code.Unauthenticated, "CREDENTIAL_UNKNOWN"],
      [{ "x-api-key": "report-key" }, Code.PermissionDenied, "SCOPE_MISSING"],
      [{ "x-api-key": "account-key" }, Code.InvalidArgument, "PROJECT_REQUIRED"],
    ];
    for (const [headers, code, reason] of cases) {
      const error = await errorOf(client.send({ events: [{ name: "a" }] }, { headers }));
      expect([error.code, reasonOf(error)]).toEqual([code, reason]);
      const streamed = await errorOf(client.stream((async function* () {})(), { headers }));
      expect([streamed.code, reasonOf(streamed)]).toEqual([code, reason]);
    }
    expect(
      (await client.send({ events: [{ name: "a" }] }, { headers: { "x-api-key": "ingest-key" } })).acceptedCount,
    ).toBe(1);
  });

  it("fails as a whole for a batch that is empty, too large, or can't be read", async () => {
    const { client, server, sections } = await startIngest();
    expect(reasonOf(await errorOf(client.send({}, bearer("ingest-key"))))).toBe("BATCH_EMPTY");
    const many = Array.from({ length: 1001 }, () => ({ name: "a" }));
    expect(reasonOf(await errorOf(client.send({ events: many }, bearer("ingest-key"))))).toBe("BATCH_TOO_LARGE");
    const huge = Array.from({ length: 1000 }, () => ({
      name: "a",
      properties: {
        t: "x".repeat(1024),
        u: "x".repeat(1024),
        v: "x".repeat(1024),
        w: "x".repeat(1024),
        y: "y".repeat(500),
      },
    }));
    const tooLarge = await errorOf(client.send({ events: huge }, bearer("ingest-key")));
    expect(reasonOf(tooLarge)).toBe("MESSAGE_TOO_LARGE");
    expect(tooLarge.rawMessage).toContain("4194304 bytes");
    const headers = { authorization: "Bearer ingest-key", "content-type": "application/proto" };
    const cut = toBinary(SendRequestSchema, create(SendRequestSchema, { events: [{ name: "abc" }] })).subarray(0, 4);
    const answer = await post(server.url + SEND, Buffer.from(cut), headers);
    expect([
      answer.status,
      ((await answer.json()) as { details: [{ debug: { reason: string } }] }).details[0].debug.reason,
    ]).toEqual([400, "REQUEST_MALFORMED"]);
    expect(await sections()).toEqual([]);
  });

  it("tells a text with half a character from a defect, by every protocol in JSON", async () => {
    const { server } = await startIngest();
    const half = '{"events":[{"name":"\\ud800"}]}';
    const byHand = await post(server.url + SEND, half, {
      "x-api-key": "ingest-key",
      "content-type": "application/json",
    });
    expect([byHand.status, await byHand.json()]).toMatchObject([200, { rejectedCount: 1 }]);
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, half.length]), Buffer.from(half)]);
    const headers = { "x-api-key": "ingest-key", "content-type": "application/grpc-web+json" };
    const byLibrary = await post(server.url + SEND, frame, headers);
    expect(byLibrary.headers.get("grpc-status") ?? /grpc-status: (\d+)/.exec(await byLibrary.text())?.[1]).toBe("3");
  });

  it("stamps what is late by the window of the event's own time, unless it is imported", async () => {
    const { client, sections } = await startIngest();
    const HOUR = 3_600_000;
    const times = [NOW - HOUR, NOW - HOUR - 1, NOW - 48 * HOUR, NOW - 48 * HOUR - 1];
    const batch = { events: times.map((ms) => ({ name: "a", time: timestampFromMs(ms) })) };
    await client.send(batch, bearer("ingest-key"));
    await client.send(batch, bearer("import-key"));
    const [live, imported] = await sections();
    expect(live!.events.map(({ late }) => late)).toEqual([false, false, false, true]);
    expect(imported).toMatchObject({ imported: true });
    expect(imported!.events.map(({ late }) => late)).toEqual([false, false, false, false]);
  });

  it("corrects the sender's clock, files claims by the time as sent, and refuses the future", async () => {
    const { client, sections } = await startIngest();
    const ahead = 86_400_000;
    const at = (ms: number) => ({ name: "a", time: timestampFromMs(ms) });
    const answer = await client.send(
      {
        sentAt: timestampFromMs(NOW + ahead),
        events: [at(NOW + ahead - 5), at(NOW + ahead + 300_000), at(NOW + ahead + 300_001)],
      },
      bearer("ingest-key"),
    );
    expect(answer.outcomes).toMatchObject([{ index: 2, reason: Reason.EVENT_TIME_IN_FUTURE, field: "time" }]);
    expect(events(await sections())).toMatchObject([
      { timeMs: NOW - 5, claimTimeMs: NOW + ahead - 5 },
      { timeMs: NOW + 300_000, claimTimeMs: NOW + ahead + 300_000 },
    ]);
  });

  it("answers duplicate for ids that it appended lately, also within one batch, by project and kind of key", async () => {
    const { client, sections } = await startIngest();
    const one = { eventId: "one", name: "a", time: timestampFromMs(NOW) };
    const first = await client.send({ events: [one, { ...one, name: "again" }] }, bearer("ingest-key"));
    expect(first).toMatchObject({
      acceptedCount: 1,
      duplicateCount: 1,
      outcomes: [{ index: 1, eventId: "one", outcome: Outcome.DUPLICATE, reason: Reason.EVENT_DUPLICATE }],
    });
    expect(await client.send({ events: [one] }, bearer("ingest-key"))).toMatchObject({ duplicateCount: 1 });
    expect(await client.send({ events: [one] }, bearer("wide-key"))).toMatchObject({ acceptedCount: 1 });
    expect(await client.send({ events: [one] }, bearer("import-key"))).toMatchObject({ acceptedCount: 1 });
    expect(events(await sections())).toHaveLength(3);
  });

  it("keeps a user's events in one partition, and spreads a wide project over several", async () => {
    const { client, sections } = await startIngest();
    const batch = Array.from({ length: 100 }, (_, i) => ({ name: "a", userId: `u${i % 20}`, eventId: `${i}` }));
    await client.send({ events: batch }, bearer("wide-key"));
    const users = (await sections()).map(
      ({ events: inOne }) => new Set(inOne.map(({ bytes }) => fromBinary(EventSchema, bytes).userId)),
    );
    expect(users.length).toBeGreaterThan(3);
    expect(users.reduce((sum, { size }) => sum + size, 0)).toBe(20);
  });

  it("asks for exactly those events again whose append failed or is unknown, and counts none of them", async () => {
    let broken: number | undefined;
    const failedNow = new Set<number>();
    const { client, sections, metrics } = await startIngest({
      wrap: (log) =>
        failingLog(log, {
          after(partition) {
            broken ??= partition;
            if (partition !== broken || failedNow.has(partition)) return;
            failedNow.add(partition);
            throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "no answer");
          },
        }),
    });
    const batch = Array.from({ length: 100 }, (_, i) => ({
      name: "a",
      userId: `u${i % 20}`,
      eventId: `e${i}`,
      time: timestampFromMs(NOW),
    }));
    batch.push({ ...batch[0]! });
    const answer = await client.send({ events: batch }, bearer("wide-key"));
    const again = answer.outcomes.filter(({ outcome }) => outcome === Outcome.RETRY);
    expect(again.length).toBe(answer.retryCount);
    expect(again.length).toBeGreaterThan(0);
    expect(again.every(({ reason }) => reason === Reason.EVENT_NOT_APPENDED)).toBe(true);
    expect(answer.acceptedCount + answer.retryCount + answer.duplicateCount).toBe(101);
    expect(await metrics()).toContain(
      `millrace_ingest_events_total{millrace_outcome="accepted",error_type="",millrace_project="wide"} ${answer.acceptedCount}`,
    );
    const retried = await client.send({ events: again.map(({ index }) => batch[index]!) }, bearer("wide-key"));
    expect(retried.acceptedCount + retried.duplicateCount).toBe(again.length);
    const appended = new Set(events(await sections()).map(({ decoded }) => decoded.eventId));
    expect(appended.size).toBe(100);
  });

  it("gives a repeat within the batch the fate of the first", async () => {
    const wrap = (log: EventAppender) =>
      failingLog(log, {
        after: () => {
          throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", "no answer");
        },
      });
    const { client } = await startIngest({ wrap });
    const one = { eventId: "one", name: "a" };
    expect(await client.send({ events: [one, one] }, bearer("ingest-key"))).toMatchObject({
      retryCount: 2,
      duplicateCount: 0,
    });
  });

  it("fails with unavailable when nothing can have been appended", async () => {
    const wrap = (log: EventAppender) =>
      failingLog(log, {
        before: () => {
          throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the log is away");
        },
      });
    const { client, server } = await startIngest({ wrap });
    const error = await errorOf(client.send({ events: [{ name: "a" }] }, bearer("wide-key")));
    expect([error.code, reasonOf(error)]).toEqual([Code.Unavailable, "BACKEND_UNAVAILABLE"]);
    const answer = await post(`${server.url}/v1/events`, '{"name":"a"}', { "x-api-key": "ingest-key" });
    expect(answer.status).toBe(503);
  });

  it("is overloaded before memory grows, and says when to try again", async () => {
    const gate = Promise.withResolvers<void>();
    const { client, server, app } = await startIngest({
      limits: { bytesInFlight: 100_000 },
      wrap: (log) => failingLog(log, { before: () => gate.promise }),
    });
    const batch = {
      events: Array.from({ length: 60 }, (_, i) => ({
        name: "a",
        eventId: `${i}`,
        properties: { t: "x".repeat(1000) },
      })),
    };
    const first = client.send(batch, bearer("ingest-key"));
    await expect.poll(() => app.bytesInFlight()).toBeGreaterThan(60_000);
    const error = await errorOf(client.send(batch, bearer("ingest-key")));
    expect([error.code, reasonOf(error)]).toEqual([Code.ResourceExhausted, "OVERLOADED"]);
    const answer = await post(`${server.url}/v1/events`, JSON.stringify(batch), { "x-api-key": "ingest-key" });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "1"]);
    gate.resolve();
    expect((await first).acceptedCount).toBe(60);
    expect(app.bytesInFlight()).toBe(0);
    expect((await client.send(batch, bearer("ingest-key"))).duplicateCount).toBe(60);
  });

  it("counts every event by what became of it", async () => {
    const { client, metrics } = await startIngest();
    const old = { name: "old", time: timestampFromMs(NOW - 90 * 86_400_000) };
    await client.send(
      { events: [{ name: "a", eventId: "1" }, { name: "a", eventId: "1" }, { name: "" }, old] },
      bearer("ingest-key"),
    );
    const text = await metrics();
    expect(text).toContain(
      'millrace_ingest_events_total{millrace_outcome="accepted",error_type="",millrace_project="shop"} 2',
    );
    expect(text).toContain(
      'millrace_ingest_events_total{millrace_outcome="duplicate",error_type="EVENT_DUPLICATE",millrace_project="shop"} 1',
    );
    expect(text).toContain(
      'millrace_ingest_events_total{millrace_outcome="rejected",error_type="EVENT_NAME_MISSING",millrace_project="shop"} 1',
    );
    expect(text).toContain('millrace_ingest_late_events_total{millrace_project="shop"} 1');
  });
});

describe("POST /v1/events", () => {
  it("takes one event, with the names that other tools use", async () => {
    const fixture = await startIngest();
    const answer = await jsonPost(fixture, {
      event_type: "order",
      timestamp: "2026-03-01T13:00:00.5+02:00",
      user_id: 42,
      properties: { n: 1 },
    });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ acceptedCount: 1 });
    const [event] = events(await fixture.sections());
    expect(event).toMatchObject({
      timeMs: Date.UTC(2026, 2, 1, 11, 0, 0, 500),
      decoded: { name: "order", userId: "42", properties: { n: 1 } },
    });
  });

  it("takes arrays, requests, NDJSON and gzip, and rejects one bad event alone", async () => {
    const fixture = await startIngest();
    const two = [
      { name: "a", time: NOW },
      { name: "b", time: NOW / 1000 },
    ];
    expect(await (await jsonPost(fixture, two)).json()).toEqual({ acceptedCount: 2 });
    expect(await (await jsonPost(fixture, { events: two, sent_at: "2026-03-01T12:00:01Z" })).json()).toEqual({
      acceptedCount: 2,
    });
    expect(await (await jsonPost(fixture, { name: "c" })).json()).toEqual({ acceptedCount: 1 });
    const lines = `${JSON.stringify(two[0])}\n{"name":\n\n${JSON.stringify(two[1])}\n`;
    const answer = await jsonPost(fixture, lines, { "content-type": "application/x-ndjson" });
    expect([answer.status, await answer.json()]).toMatchObject([
      202,
      { acceptedCount: 2, rejectedCount: 1, outcomes: [{ index: 1, reason: "REASON_EVENT_MALFORMED" }] },
    ]);
    const zipped = await post(`${fixture.server.url}/v1/events`, gzipSync(JSON.stringify(two)), {
      "x-api-key": "ingest-key",
      "content-encoding": "gzip",
    });
    expect(zipped.status).toBe(202);
    expect(events(await fixture.sections()).map(({ timeMs }) => timeMs - NOW)).toEqual([
      0, 0, -1000, -1000, 0, 0, 0, 0, 0,
    ]);
  });

  it("says what happened by its status", async () => {
    const fixture = await startIngest();
    const one = { event_id: "one", name: "a" };
    expect((await jsonPost(fixture, one)).status).toBe(202);
    const again = await jsonPost(fixture, one);
    expect([again.status, await again.json()]).toMatchObject([
      409,
      { duplicateCount: 1, outcomes: [{ eventId: "one", outcome: "OUTCOME_DUPLICATE" }] },
    ]);
    const invalid = await jsonPost(fixture, { event_id: "x", user_id: "u" });
    expect([invalid.status, await invalid.json()]).toMatchObject([
      400,
      { rejectedCount: 1, outcomes: [{ field: "name", eventId: "x" }] },
    ]);
    expect((await jsonPost(fixture, "{nonsense")).status).toBe(400);
    expect((await jsonPost(fixture, "")).status).toBe(400);
    expect((await jsonPost(fixture, { name: "a" }, { authorization: "Bearer nonsense" })).status).toBe(401);
    expect((await jsonPost(fixture, { name: "a" }, { authorization: "Bearer report-key" })).status).toBe(403);
    expect((await jsonPost(fixture, `{"name":"${"a".repeat(5_000_000)}"}`)).status).toBe(413);
    expect(
      (
        await jsonPost(
          fixture,
          Array.from({ length: 1001 }, () => ({ name: "a" })),
        )
      ).status,
    ).toBe(413);
    const got = await fetch(`${fixture.server.url}/v1/events`);
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
    expect(JSON.stringify(await got.json())).toContain('"reason":"METHOD_UNKNOWN"');
    const brotli = await jsonPost(fixture, { name: "a" }, { "content-encoding": "br" });
    expect(brotli.status).toBe(415);
    const bomb = await post(`${fixture.server.url}/v1/events`, gzipSync(Buffer.alloc(50_000_000, 0x20)), {
      "x-api-key": "ingest-key",
      "content-encoding": "gzip",
    });
    expect(bomb.status).toBe(413);
  });

  it("never changes an id, and never touches a prototype", async () => {
    const fixture = await startIngest();
    const body =
      '[{"name":"a","user_id":12345678901234567890,"properties":{"order":9007199254740993,"share":0.1}},{"name":"b","properties":{"__proto__":{"x":1}}},{"name":"c","properties":{"n":1e999}},{"name":"d\\ud800"},{"name":"e","price":3}]';
    const answer = await jsonPost(fixture, body);
    expect(await answer.json()).toMatchObject({
      acceptedCount: 1,
      outcomes: [
        { index: 1, reason: "REASON_EVENT_PROPERTY_KEY_INVALID", field: "properties.__proto__" },
        { index: 2, reason: "REASON_EVENT_PROPERTY_VALUE_INVALID", field: "properties.n" },
        { index: 3, reason: "REASON_EVENT_TEXT_INVALID", field: "name" },
        { index: 4, reason: "REASON_EVENT_MALFORMED", field: "price" },
      ],
    });
    expect(events(await fixture.sections())[0]!.decoded).toMatchObject({
      userId: "12345678901234567890",
      properties: { order: "9007199254740993", share: 0.1 },
    });
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("keeps the user agent of browsers, and only theirs", async () => {
    const fixture = await startIngest();
    await jsonPost(fixture, { name: "server" }, { "user-agent": "curl/8" });
    await jsonPost(fixture, { name: "page" }, { "user-agent": "Mozilla/5.0", origin: "https://example.org" });
    expect((await fixture.sections()).map(({ userAgent }) => userAgent)).toEqual(["", "Mozilla/5.0"]);
  });
});

describe("POST /v1/beacon", () => {
  it("takes what sendBeacon sends, with the key in the URL", async () => {
    const fixture = await startIngest();
    const url = `${fixture.server.url}/v1/beacon?key=ingest-key`;
    const answer = await post(url, '{"name":"page_view"}', {
      "content-type": "text/plain;charset=UTF-8",
      "user-agent": "Mozilla/5.0",
      origin: "https://example.org",
    });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
    expect((await fixture.sections())[0]).toMatchObject({ userAgent: "Mozilla/5.0", projectId: "shop" });
    expect((await post(url, '{"name":""}')).status).toBe(400);
    expect((await post(`${fixture.server.url}/v1/beacon`, "{}")).status).toBe(401);
    expect((await post(`${fixture.server.url}/v1/events?key=ingest-key`, '{"name":"a"}')).status).toBe(401);
  });

  it("says which events are to be sent again, where some are", async () => {
    let failed = false;
    const { server, sections } = await startIngest({
      wrap: (log) =>
        failingLog(log, {
          before: () => {
            if (failed) return;
            failed = true;
            throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the log is away");
          },
        }),
    });
    const events = Array.from({ length: 40 }, (_, i) => ({ event_id: `e${i}`, name: "a", user_id: `u${i}` }));
    const send = () => post(`${server.url}/v1/beacon?key=wide-key`, JSON.stringify({ events }));
    const answer = await send();
    expect([answer.status, await answer.json()]).toEqual([
      202,
      expect.objectContaining({ acceptedCount: expect.any(Number), retryCount: expect.any(Number) }),
    ]);
    expect((await send()).status).toBe(204);
    const appended = (await sections()).flatMap((section) => section.events);
    expect(appended.length).toBe(40);
  });
});
