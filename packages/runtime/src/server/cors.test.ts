import { describe, expect, it } from "vitest";
import { bearer, startFixture } from "./fixture.ts";

const PATH = "/millrace.config.v1.ProjectService/GetProject";

function preflight(url: string, origin: string) {
  return fetch(url, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
}

describe("web pages", () => {
  it("may not call from an origin that was not configured", async () => {
    const server = await startFixture({ cors: { origins: ["https://a.example"] } });
    const answer = await preflight(`${server.url}${PATH}`, "https://evil.example");
    expect(answer.status).toBe(403);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("may call from a configured origin, without cookies, and read errors and ids", async () => {
    const server = await startFixture({ cors: { origins: ["https://a.example"] } });
    const asked = await preflight(`${server.url}${PATH}`, "https://a.example");
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("https://a.example");
    expect(asked.headers.get("access-control-allow-headers")).toContain("x-api-key");
    expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
    const called = await fetch(`${server.url}${PATH}`, {
      method: "POST",
      headers: { origin: "https://a.example", "content-type": "application/json", ...bearer("report-key") },
      body: "{}",
    });
    expect(called.status).toBe(200);
    expect(called.headers.get("vary")).toBe("origin");
    expect(called.headers.get("access-control-expose-headers")).toContain("grpc-status-details-bin");
  });

  it("may send events from anywhere, by the paths that are open", async () => {
    const server = await startFixture({
      cors: { openPaths: ["/v1/events"] },
      rawHandlers: { "/v1/events": async (_request, response) => void response.end() },
    });
    const answer = await preflight(`${server.url}/v1/events`, "https://any.example");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect((await preflight(`${server.url}${PATH}`, "https://any.example")).status).toBe(403);
  });
});
