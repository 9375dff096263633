/** What web pages send: keys that are good for the pages of some origins alone, visitors and sessions without cookies. */
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { startMillrace } from "@millrace/harness";
import { ask } from "@millrace/harness/load";
import { describe, expect, it } from "vitest";
import { beacon, counted, FIREFOX, PAGE, pageKey, RECENTLY, view } from "./web-pages.ts";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

describe("a key of web pages", () => {
  it("sends events from pages of its origins, by every way that pages have", async () => {
    const millrace = await startMillrace();
    const key = await pageKey(millrace, PAGE, "https://*.shop.example");
    expect((await beacon(millrace, key, "/beacon")).status).toBe(204);
    expect((await beacon(millrace, key, "/subdomain", { origin: "https://www.shop.example" })).status).toBe(204);
    const json = { "content-type": "application/json", "x-api-key": key, origin: PAGE, "user-agent": FIREFOX };
    const posted = await fetch(`${millrace.url}/v1/events`, { method: "POST", body: view("/events"), headers: json });
    expect(posted.status).toBe(202);
    const transports = [
      createConnectTransport({ baseUrl: millrace.url, httpVersion: "1.1" }),
      createConnectTransport({ baseUrl: millrace.url, httpVersion: "1.1", useBinaryFormat: true }),
      createGrpcWebTransport({ baseUrl: millrace.url, httpVersion: "1.1" }),
      createGrpcTransport({ baseUrl: millrace.url }),
    ];
    const headers = { "x-api-key": key, origin: PAGE, "user-agent": FIREFOX };
    for (const transport of transports) {
      const events = [{ name: "page_view", properties: { url: `${PAGE}/send` } }];
      expect((await createClient(IngestService, transport).send({ events }, { headers })).acceptedCount).toBe(1);
    }
    // Connect's clients put their own name before the browser's, so a visitor is more than one here.
    await counted(millrace, 7);
    const who = await ask(millrace, {
      projectId: "demo",
      metrics: ["page_views"],
      timeRange: RECENTLY,
      dimensions: ["page"],
    });
    expect(who.find(({ page }) => page === "/send")).toMatchObject({ page_views: 4 });
  });

  it("is refused elsewhere, in a way that the page can read", async () => {
    const millrace = await startMillrace();
    const key = await pageKey(millrace, PAGE);
    for (const origin of ["https://evil.example", "http://shop.example", "https://a.shop.example", "null"]) {
      const refused = await beacon(millrace, key, "/evil", { origin });
      expect(refused.status).toBe(403);
      expect(refused.headers.get("access-control-allow-origin")).toBe("*");
      const body = await refused.text();
      expect(body).toContain("ORIGIN_NOT_ALLOWED");
      expect(JSON.parse(body).message).toContain(`"${origin}"`);
    }
    const server = await fetch(`${millrace.url}/v1/events`, {
      method: "POST",
      body: view("/server"),
      headers: { "content-type": "application/json", "x-api-key": key },
    });
    expect(server.status).toBe(403);
    expect(await server.text()).toContain("no Origin header");
    const client = millrace.client(IngestService, key);
    await expect(client.send({ events: [{ name: "x" }] })).rejects.toThrow("no Origin header");
    const stream = client.stream(
      (async function* () {
        yield { streamId: "s", sequence: 1n, events: [{ name: "x" }] };
      })(),
    );
    await expect(stream).rejects.toThrow("no Origin header");
  });

  it("asks nothing and manages nothing, whatever is wanted of it", async () => {
    const millrace = await startMillrace();
    const made = (apiKey: object) => millrace.client(ApiKeyService).createApiKey({ apiKey });
    const pages = { projectId: "demo", scopes: [Scope.INGEST], allowedOrigins: [PAGE] };
    await expect(made({ ...pages, scopes: [Scope.INGEST, Scope.REPORT] })).rejects.toThrow("must be INGEST alone");
    await expect(made({ ...pages, projectId: "" })).rejects.toThrow("project_id");
    await expect(made({ ...pages, allowedOrigins: ["shop.example"] })).rejects.toThrow("allowed_origins");
    const { apiKey } = await made({ ...pages, allowedOrigins: ["HTTPS://Shop.Example/", "https://shop.example:443"] });
    expect(apiKey!.allowedOrigins).toEqual([PAGE]);
  });

  it("may be asked about before it is used, as browsers do", async () => {
    const millrace = await startMillrace();
    const preflight = await fetch(`${millrace.url}/v1/events`, {
      method: "OPTIONS",
      headers: {
        origin: PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-api-key");
  });
});

describe("a visitor without cookies", () => {
  it("is one for as long as address and browser are the same, in one session", async () => {
    const millrace = await startMillrace({ env: { MILLRACE_TRUSTED_PROXIES: "1" } });
    const key = await pageKey(millrace, PAGE);
    const from = (address: string, agent: string) => ({ "x-forwarded-for": address, "user-agent": agent });
    await Promise.all(["/1", "/2", "/3"].map((page) => beacon(millrace, key, page, from("203.0.113.7", FIREFOX))));
    expect(await counted(millrace, 3)).toMatchObject({ page_views: 3, visitors: 1, sessions: 1 });
    await beacon(millrace, key, "/4", from("203.0.113.7", CHROME));
    expect(await counted(millrace, 4)).toMatchObject({ page_views: 4, visitors: 2, sessions: 2 });
    await beacon(millrace, key, "/5", from("203.0.113.8", FIREFOX));
    expect(await counted(millrace, 5)).toMatchObject({ page_views: 5, visitors: 3, sessions: 3 });
    // Before the proxy anybody may claim to be anybody.
    await beacon(millrace, key, "/6", from("198.51.100.1, 203.0.113.8", FIREFOX));
    expect(await counted(millrace, 6)).toMatchObject({ page_views: 6, visitors: 3, sessions: 3 });
  });

  it("is the same after a restart, and an event that was sent again counts once", async () => {
    const millrace = await startMillrace();
    const key = await pageKey(millrace, PAGE);
    const event = JSON.stringify({ event_id: "one", name: "page_view", properties: { url: PAGE } });
    const send = () =>
      fetch(`${millrace.url}/v1/beacon?key=${key}`, {
        method: "POST",
        body: event,
        headers: { origin: PAGE, "user-agent": FIREFOX },
      });
    expect((await send()).status).toBe(204);
    await millrace.restart();
    expect((await send()).status).toBe(204);
    await beacon(millrace, key, "/after");
    expect(await counted(millrace, 2)).toMatchObject({ page_views: 2, visitors: 1 });
  });
});

it("pages load the tracker's script from the server, and keep it", async () => {
  const millrace = await startMillrace();
  const first = await fetch(`${millrace.url}/millrace.js`, { headers: { origin: PAGE } });
  expect(first.status).toBe(200);
  expect(first.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(first.headers.get("access-control-allow-origin")).toBe("*");
  expect(await first.text()).toContain("sendBeacon");
  const again = await fetch(`${millrace.url}/millrace.js`, {
    headers: { "if-none-match": first.headers.get("etag")! },
  });
  expect(again.status).toBe(304);
});
