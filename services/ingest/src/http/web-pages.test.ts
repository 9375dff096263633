import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { type Event, EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { openEmbeddedCache } from "@millrace/cache/embedded";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, type Fixture, post, startIngest } from "../testing/fixture.ts";

const PAGE = "https://shop.example";
const BROWSER = { origin: PAGE, "user-agent": "Firefox" };

async function logged(fixture: Fixture): Promise<Event[]> {
  const sections = await fixture.sections();
  return sections.flatMap(({ events }) => events.map(({ bytes }) => fromBinary(EventSchema, bytes)));
}

async function withSessions(options: Parameters<typeof startIngest>[0] = {}): Promise<Fixture> {
  const cache = await openEmbeddedCache();
  onTestFinished(() => cache.close());
  return startIngest({ cache, ...options });
}

describe("events of web pages", () => {
  it("have the same visitor and session, whatever way they come", async () => {
    const fixture = await withSessions();
    const { url } = fixture.server;
    const body = JSON.stringify({ name: "page_view" });
    const ask = { ...bearer("page-key").headers, ...BROWSER, "content-type": "application/json" };
    expect((await post(`${url}/v1/beacon?key=page-key`, body, BROWSER)).status).toBe(204);
    expect((await post(`${url}/v1/events`, body, ask)).status).toBe(202);
    expect((await post(`${url}/v1/events`, `${body}\n${body}`, ask)).status).toBe(202);
    const path = `${url}/millrace.ingest.v1.IngestService/Send`;
    expect((await post(path, JSON.stringify({ events: [{ name: "page_view" }] }), ask)).status).toBe(200);
    const events = await logged(fixture);
    expect(events.length).toBe(5);
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(events[0]!.anonymousId).toMatch(/^v/);
    expect(events[0]!.sessionId).toMatch(/^s/);
    expect((await fixture.sections()).map(({ userAgent }) => userAgent)).toContain("Firefox");
  });

  it.each([
    ["gRPC", (baseUrl: string) => createGrpcTransport({ baseUrl })],
    ["gRPC-Web", (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
    ["Connect", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true })],
    ["Connect in JSON", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ])("have a visitor when they come by %s", async (_name, transport) => {
    const fixture = await withSessions();
    const client = createClient(IngestService, transport(fixture.server.url));
    const headers = { ...bearer("page-key").headers, ...BROWSER };
    await client.send({ events: [{ name: "page_view" }, { name: "page_view", userId: "ada" }] }, { headers });
    const [unnamed, ada] = (await logged(fixture)).toSorted((a, b) => (a.userId < b.userId ? -1 : 1));
    expect(unnamed!.anonymousId).toMatch(/^v/);
    expect(unnamed!.sessionId).toMatch(/^s/);
    expect(ada).toMatchObject({ userId: "ada", anonymousId: "" });
  });

  it("all of one visitor go to one partition", async () => {
    const fixture = await withSessions();
    const body = JSON.stringify(Array.from({ length: 50 }, (_, i) => ({ name: "page_view", event_id: `e${i}` })));
    await post(`${fixture.server.url}/v1/beacon?key=page-key`, body, BROWSER);
    expect((await fixture.sections()).map(({ events }) => events.length)).toEqual([50]);
  });

  it("count once when they are sent again, though the day and its secret are others", async () => {
    let day = 1;
    const fixture = await withSessions({ visitorSalt: async () => new Uint8Array(32).fill(day) });
    const send = () =>
      post(`${fixture.server.url}/v1/events`, JSON.stringify({ name: "page_view", event_id: "one" }), {
        ...bearer("page-key").headers,
        ...BROWSER,
      });
    expect((await send()).status).toBe(202);
    day = 2;
    expect((await send()).status).toBe(409);
    expect((await logged(fixture)).length).toBe(1);
  });

  it("are accepted without a visitor while nobody knows the day's secret", async () => {
    const fixture = await withSessions({ visitorSalt: () => Promise.reject(new Error("away")) });
    const url = `${fixture.server.url}/v1/beacon?key=page-key`;
    expect((await post(url, JSON.stringify({ name: "page_view" }), BROWSER)).status).toBe(204);
    expect((await logged(fixture))[0]).toMatchObject({ anonymousId: "", sessionId: "" });
    expect(await fixture.metrics()).toMatch(/millrace_ingest_unknown_visitors_total\{millrace_project="wide"[^}]*\} 1/);
  });

  it("are told apart by the address that a trusted proxy saw, and not by what a page claims", async () => {
    const body = JSON.stringify({ name: "page_view" });
    const visitorsOf = async (trustedProxies: number) => {
      const fixture = await withSessions({ trustedProxies });
      for (const forwarded of ["203.0.113.7", "203.0.113.8", "6.6.6.6, 203.0.113.8"]) {
        const headers = { ...BROWSER, "x-forwarded-for": forwarded };
        await post(`${fixture.server.url}/v1/beacon?key=page-key`, body, headers);
      }
      return new Set((await logged(fixture)).map(({ anonymousId }) => anonymousId)).size;
    };
    expect(await visitorsOf(0)).toBe(1);
    expect(await visitorsOf(1)).toBe(2);
  });
});

describe("events of servers", () => {
  it("are left as they are; by the beacon they are a page's, unless they are imported", async () => {
    const fixture = await withSessions();
    const { url } = fixture.server;
    const body = JSON.stringify({ name: "page_view" });
    await post(`${url}/v1/events`, body, { ...bearer("wide-key").headers, ...BROWSER });
    await post(`${url}/v1/beacon?key=import-key`, body, BROWSER);
    for (const event of await logged(fixture)) expect(event).toMatchObject({ anonymousId: "", sessionId: "" });
    await post(`${url}/v1/beacon?key=wide-key`, body, BROWSER);
    expect((await logged(fixture)).filter(({ anonymousId }) => anonymousId !== "").length).toBe(1);
  });
});

describe("GET /millrace.js", () => {
  const SCRIPT = `/* ${"x".repeat(2000)} */`;
  const get = (fixture: Fixture, headers: Record<string, string> = {}, method = "GET") =>
    fetch(`${fixture.server.url}/millrace.js`, { method, headers });

  it("gives pages of any origin the script, to keep for an hour", async () => {
    const fixture = await startIngest({ trackerScript: SCRIPT });
    const answer = await get(fixture, { origin: "https://any.example", "accept-encoding": "identity" });
    expect(await answer.text()).toBe(SCRIPT);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=3600",
      "cross-origin-resource-policy": "cross-origin",
      "access-control-allow-origin": "*",
      "x-content-type-options": "nosniff",
      vary: "accept-encoding",
      "content-length": String(SCRIPT.length),
    });
    expect(answer.headers.get("content-encoding")).toBeNull();
  });

  it("is compressed for whom that is good, and told apart by its tag", async () => {
    const fixture = await startIngest({ trackerScript: SCRIPT });
    const zipped = await get(fixture, { "accept-encoding": "br, gzip;q=0.8" });
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(Number(zipped.headers.get("content-length"))).toBeLessThan(200);
    expect(await zipped.text()).toBe(SCRIPT);
    const refusing = await get(fixture, { "accept-encoding": "gzip;q=0, *;q=0" });
    expect(refusing.headers.get("content-encoding")).toBeNull();
    const etag = zipped.headers.get("etag")!;
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await get(fixture, { "if-none-match": held });
      expect(answer.status).toBe(304);
      expect(await answer.text()).toBe("");
    }
    expect((await get(fixture, { "if-none-match": '"other"' })).status).toBe(200);
  });

  it("answers HEAD without the script, and no other method", async () => {
    const fixture = await startIngest({ trackerScript: SCRIPT });
    const head = await get(fixture, {}, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const posted = await get(fixture, {}, "POST");
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("is nothing where there is no script", async () => {
    expect((await get(await startIngest())).status).toBe(404);
  });
});
