import { describe, expect, it } from "vitest";
import { startTestServer } from "../test-server.ts";
import { LOGIN_TOKEN_COLLECTION } from "./login-tokens.ts";
import { SESSION_COLLECTION } from "./sessions.ts";

const DAY_MS = 86_400_000;
const RPC = "/millrace.dashboard.v1.SessionService/CreateLoginToken";

async function reasonOf(answer: Response): Promise<unknown> {
  const { details } = (await answer.json()) as { details: { debug: { reason: string } }[] };
  return details[0]!.debug.reason;
}

describe("a one-time token", () => {
  it("opens a session, whose cookie no script and no other site can use", async () => {
    const { logIn, newToken, session } = await startTestServer();
    const answer = await logIn(await newToken());
    expect(answer.status).toBe(204);
    const [pair, ...attributes] = answer.headers.get("set-cookie")!.split("; ");
    expect(pair).toMatch(/^millrace_session_\d+=mls_[0-9A-Za-z]{9}_[0-9A-Za-z]{43}$/);
    expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=Strict"]);
    const told = await session("GET", { cookie: pair! });
    expect(await told.json()).toEqual({
      subject: "administrator",
      expireTime: new Date(1_000 + 14 * DAY_MS).toISOString(),
      version: "1.2.3",
    });
  });

  it("opens one session, also when it is used many times at once", async () => {
    const { logIn, newToken } = await startTestServer();
    const token = await newToken();
    const answers = await Promise.all(Array.from({ length: 8 }, () => logIn(token)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const refused = await logIn(token);
    expect([refused.status, await reasonOf(refused)]).toEqual([401, "LOGIN_TOKEN_INVALID"]);
  });

  it("is good for 15 minutes", async () => {
    const { clock, logIn, newToken } = await startTestServer();
    const [early, late] = [await newToken(), await newToken()];
    clock.nowMs += 15 * 60_000 - 1;
    expect((await logIn(early)).status).toBe(204);
    clock.nowMs += 1;
    expect(await reasonOf(await logIn(late))).toBe("LOGIN_TOKEN_INVALID");
  });

  it("makes way for others once it is too old, and only 100 wait", async () => {
    const { clock, dashboard } = await startTestServer();
    for (let i = 0; i < 100; i++) expect(await dashboard.createLoginPath()).toBeDefined();
    expect(await dashboard.createLoginPath()).toBeUndefined();
    clock.nowMs += 15 * 60_000;
    expect(await dashboard.createLoginPath()).toMatch(/^\/#token=mlt_/);
  });

  it("is stored as a hash alone", async () => {
    const { newToken, newCookie, records } = await startTestServer();
    const texts = [await newToken(), await newCookie()];
    const stored = [
      ...(await records.list(LOGIN_TOKEN_COLLECTION, { limit: 10 })),
      ...(await records.list(SESSION_COLLECTION, { limit: 10 })),
    ];
    expect(stored).toHaveLength(2);
    for (const { value } of stored) {
      for (const text of texts) expect(Buffer.from(value).toString("latin1")).not.toContain(text.split("_").at(-1));
    }
  });

  it("is made for an administrator by an RPC that needs the scope", async () => {
    const { origin, newCookie, logIn } = await startTestServer();
    const call = (headers: Record<string, string>) =>
      fetch(origin + RPC, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" });
    const answer = await call({ cookie: await newCookie(), origin });
    const made = (await answer.json()) as { token: string; path: string; expireTime: string };
    expect(made.path).toBe(`/#token=${made.token}`);
    expect(Date.parse(made.expireTime)).toBe(1_000 + 15 * 60_000);
    expect((await logIn(made.token)).status).toBe(204);
    expect((await call({})).status).toBe(401);
  });
});

describe("an attempt to log in", () => {
  it("is slowed down after 10 wrong ones in a minute, with the time to wait", async () => {
    const { clock, logIn, newToken } = await startTestServer();
    for (let i = 0; i < 10; i++) expect((await logIn("mlt_wrong")).status).toBe(401);
    const token = await newToken();
    clock.nowMs += 20_000;
    const slowed = await logIn(token);
    expect([slowed.status, slowed.headers.get("retry-after")]).toEqual([429, "40"]);
    expect(await reasonOf(slowed)).toBe("ATTEMPTS_EXCEEDED");
    clock.nowMs += 40_000;
    expect((await logIn(token)).status).toBe(204);
  });

  it("is slowed down as much when all come at once", async () => {
    const { logIn } = await startTestServer();
    const answers = await Promise.all(Array.from({ length: 30 }, () => logIn("mlt_wrong")));
    expect(answers.filter(({ status }) => status === 401).length).toBe(10);
    expect(answers.filter(({ status }) => status === 429).length).toBe(20);
  });

  it.each([
    { name: "another site", headers: { "sec-fetch-site": "cross-site" }, status: 401, reason: "SESSION_INVALID" },
    { name: "a form", headers: { "content-type": "text/plain" }, status: 415, reason: "CONTENT_TYPE_UNSUPPORTED" },
  ])("from $name is refused, and leaves the token as it was", async ({ headers, status, reason }) => {
    const { logIn, newToken } = await startTestServer();
    const token = await newToken();
    const answer = await logIn(token, headers as Record<string, string>);
    expect([answer.status, await reasonOf(answer)]).toEqual([status, reason]);
    expect((await logIn(token)).status).toBe(204);
  });

  it.each([
    { name: "no JSON", body: "{", status: 400 },
    { name: "no token", body: "{}", status: 400 },
    { name: "more than 1 KiB", body: JSON.stringify({ token: "x".repeat(2_000) }), status: 413 },
  ])("with $name is refused", async ({ body, status }) => {
    const { session } = await startTestServer();
    expect((await session("POST", { "content-type": "application/json" }, body)).status).toBe(status);
  });

  it("over TLS gets a cookie that is never sent without it", async () => {
    const { logIn, newToken } = await startTestServer();
    const answer = await logIn(await newToken(), { "x-forwarded-proto": "https" });
    expect(answer.headers.get("set-cookie")).toContain("; Secure");
    expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

describe("a session", () => {
  it("lives 14 days from the last visit, and 90 in all", async () => {
    const { clock, newCookie, session } = await startTestServer();
    const cookie = await newCookie();
    const start = clock.nowMs;
    for (let day = 13; day <= 78; day += 13) {
      clock.nowMs = start + day * DAY_MS;
      const { expireTime } = (await (await session("GET", { cookie })).json()) as { expireTime: string };
      expect(Date.parse(expireTime) - start).toBe(Math.min(day + 14, 90) * DAY_MS);
    }
    clock.nowMs = start + 90 * DAY_MS - 1;
    expect((await session("GET", { cookie })).status).toBe(200);
    clock.nowMs += 1;
    expect(await reasonOf(await session("GET", { cookie }))).toBe("SESSION_INVALID");
  });

  it("ends when it is asked to, for its cookie too", async () => {
    const { dashboard, newCookie, session } = await startTestServer();
    const cookie = await newCookie();
    expect((await session("DELETE", { cookie, "sec-fetch-site": "same-site" })).status).toBe(401);
    const answer = await session("DELETE", { cookie });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([
      204,
      expect.stringContaining("=; Path=/; Max-Age=0;"),
    ]);
    expect((await session("GET", { cookie })).status).toBe(401);
    await expect(dashboard.authenticate(cookie.split("=")[1]!)).rejects.toMatchObject({ reason: "SESSION_INVALID" });
    expect((await session("DELETE", { cookie })).status).toBe(204);
  });

  it("is none with another secret, or with none", async () => {
    const { newCookie, session } = await startTestServer();
    const cookie = await newCookie();
    const other = cookie.slice(0, -1) + (cookie.endsWith("a") ? "b" : "a");
    expect(await reasonOf(await session("GET", { cookie: other }))).toBe("SESSION_INVALID");
    expect(await reasonOf(await session("GET"))).toBe("CREDENTIAL_MISSING");
  });

  it("that has expired is removed when another begins", async () => {
    const { clock, newCookie, records } = await startTestServer();
    await newCookie();
    clock.nowMs += 14 * DAY_MS;
    await newCookie();
    expect(await records.list(SESSION_COLLECTION, { limit: 10 })).toHaveLength(1);
  });
});
