import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { describe, expect, it } from "vitest";
import { authenticateKeys, startFixture } from "../server/fixture.ts";
import { writeAnswer } from "../server/write-answer.ts";
import { type Authenticate, readPrincipal } from "./principal.ts";
import { sessionCookieName, sessionCookieOf } from "./session-cookie.ts";

const SESSION = "mls_abc_def";
const GET_PROJECT = "/millrace.config.v1.ProjectService/GetProject";

const authenticate: Authenticate = async (text) =>
  text === SESSION ? { keyId: "a", projectId: "shop", scopes: new Set([Scope.ADMIN]) } : authenticateKeys(text);

/** A server with an RPC, and a path that is handled by hand; both need the scope REPORT. */
async function startServer() {
  const server = await startFixture({
    authenticate,
    rawHandlers: {
      "/by-hand": async (request, response) => {
        const { keyId } = await readPrincipal(request.headers, request.url ?? "", authenticate, Scope.REPORT, "key");
        writeAnswer(response, { status: 200, headers: {}, body: keyId });
      },
    },
  });
  const { host, port } = new URL(server.url);
  const call = (path: string, headers: Record<string, string>) =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "{}",
    });
  return { call, host, origin: server.url, cookie: `other=1; millrace_session_${port}=${SESSION}` };
}

describe.each([GET_PROJECT, "/by-hand"])("a session's cookie at %s", (path) => {
  it("is good for requests that the browser says are of the same origin", async () => {
    const { call, cookie, origin } = await startServer();
    expect((await call(path, { cookie, "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await call(path, { cookie, origin })).status).toBe(200);
  });

  it.each([
    { name: "nothing tells where it comes from", headers: {} },
    { name: "it comes from another site", headers: { "sec-fetch-site": "cross-site" } },
    { name: "it comes from another port of the same host", headers: { "sec-fetch-site": "same-site" } },
    { name: "it was typed into the address bar", headers: { "sec-fetch-site": "none" } },
    { name: "its origin is another", headers: { origin: "https://evil.example" } },
    { name: "its origin is a sandbox", headers: { origin: "null" } },
  ])("is refused where $name", async ({ headers }) => {
    const { call, cookie } = await startServer();
    const answer = await call(path, { cookie, ...(headers as Record<string, string>) });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('"reason":"SESSION_INVALID"');
  });

  it("is refused where the two headers contradict each other", async () => {
    const { call, cookie, origin } = await startServer();
    expect((await call(path, { cookie, origin, "sec-fetch-site": "cross-site" })).status).toBe(401);
  });

  it("yields to a key that the caller shows, wherever the call comes from", async () => {
    const { call, cookie } = await startServer();
    const headers = { cookie, "sec-fetch-site": "cross-site" };
    expect((await call(path, { ...headers, authorization: "Bearer report-key" })).status).toBe(200);
    expect((await call(path, { ...headers, "x-api-key": "nobody" })).status).toBe(401);
  });

  it("is nothing when it holds something else", async () => {
    const { call, cookie, origin } = await startServer();
    const answer = await call(path, { cookie: cookie.replace("mls_", "admin-"), origin });
    expect(await answer.text()).toContain('"reason":"CREDENTIAL_MISSING"');
  });
});

describe("the cookie's name", () => {
  it("says the port, so that servers beside each other keep their own sessions", () => {
    const at = (host: string | undefined) => (name: string) => (name === "host" ? host : `millrace_session_81=mls_x`);
    expect(sessionCookieName(at("127.0.0.1:81"))).toBe("millrace_session_81");
    expect(sessionCookieName(at("[::1]:81"))).toBe("millrace_session_81");
    expect(sessionCookieName(at("metrics.example.org"))).toBe("millrace_session");
    expect(sessionCookieName(at(undefined))).toBe("millrace_session");
    expect(sessionCookieOf(at("127.0.0.1:81"))).toBe("mls_x");
    expect(sessionCookieOf(at("127.0.0.1:82"))).toBeUndefined();
  });
});
