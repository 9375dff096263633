/**
 * Who may look at the page: whoever has the link that the start prints, once, and the browser that used it, until its
 * session ends. Other pages in the same browser get nothing by it, wherever they come from.
 */

import { launchMillrace, type Millrace, startMillrace, until } from "@millrace/harness";
import { openBrowser } from "@millrace/harness/browser";
import { lastingPort } from "@millrace/harness/ports";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { serveSite } from "./web-site.ts";

type Browser = Awaited<ReturnType<typeof openBrowser>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

const LIST_PROJECTS = "/millrace.config.v1.ProjectService/ListProjects";
const CREATE_PROJECT = "/millrace.config.v1.ProjectService/CreateProject";
const CREATE_TOKEN = "/millrace.dashboard.v1.SessionService/CreateLoginToken";

let millrace: Millrace;
let browser: Browser;

beforeAll(async () => {
  [millrace, browser] = await Promise.all([launchMillrace(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await millrace?.dispose();
});

/** A page of a browser that nobody has used, which knows no cookie. */
async function newPage(): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  return context.newPage();
}

/** Waits until the server has built its page. */
async function untilBuilt(server: Millrace): Promise<void> {
  await until("the page is built", async () => (await fetch(server.url)).ok, { withinMs: 60_000 });
}

/** A link as `millrace open` makes one. */
async function newLink(server: Millrace): Promise<string> {
  const answer = await fetch(server.url + CREATE_TOKEN, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.keys.adminKey}` },
    body: "{}",
  });
  const { path } = (await answer.json()) as { path: string };
  return server.url + path;
}

/** Opens a link and waits until the browser has its session. */
async function logIn(page: Page, link: string): Promise<void> {
  await untilBuilt(millrace);
  const opened = page.waitForResponse((response) => response.url().endsWith("/session"));
  await page.goto(link);
  expect((await opened).status()).toBe(204);
}

/** How a page's script sends a request. */
type Sent = {
  readonly method?: string;
  readonly mode?: "cors" | "no-cors";
  readonly credentials?: "include";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** What the page's own script gets at a path: the status, or "failed" where the browser keeps the answer from it. */
function fetchIn(page: Page, url: string, init: Sent = {}): Promise<number | "failed"> {
  return page.evaluate(
    ([to, how]) =>
      fetch(to, how).then(
        ({ status }) => status,
        () => "failed" as const,
      ),
    [url, init] as const,
  );
}

function rpcIn(page: Page, url: string, body = "{}"): Promise<number | "failed"> {
  return fetchIn(page, url, {
    method: "POST",
    credentials: "include",
    headers: { "content-type": "application/json" },
    body,
  });
}

function tokenOf(link: string): string {
  return new URLSearchParams(new URL(link).hash.slice(1)).get("token")!;
}

describe("the link that a start prints", () => {
  it("opens the page, once, and leaves no token in the address", async () => {
    await untilBuilt(millrace);
    const page = await newPage();
    await logIn(page, millrace.loginUrl);
    expect(await rpcIn(page, millrace.url + LIST_PROJECTS)).toBe(200);
    await page.waitForURL((url) => url.hash === "");
    const stranger = await newPage();
    const answered = stranger.waitForResponse((response) => response.url().endsWith("/session"));
    await stranger.goto(millrace.loginUrl);
    expect((await answered).status()).toBe(401);
    expect(await rpcIn(stranger, millrace.url + LIST_PROJECTS)).toBe(401);
  });

  it("opens the page again for the browser that used it, and from the address bar of the page itself", async () => {
    const page = await newPage();
    const link = await newLink(millrace);
    await logIn(page, link);
    await page.goto("about:blank");
    await page.goto(link);
    const out = page.getByRole("button", { name: "Sign out" });
    await out.click();
    await page.getByRole("textbox", { name: "One-time token" }).waitFor();
    await page.goto(await newLink(millrace));
    await out.waitFor();
    expect(new URL(page.url()).hash).toBe("");
  });

  it("is in no log", async () => {
    const server = await startMillrace({ env: { MILLRACE_LOG_LEVEL: "trace" } });
    await untilBuilt(server);
    const page = await newPage();
    await page.goto(server.loginUrl);
    await until("the browser has its session", async () => (await page.context().cookies()).length > 0);
    const token = tokenOf(server.loginUrl);
    expect(server.output.split(token)).toHaveLength(2);
    expect(server.output).not.toContain((await page.context().cookies())[0]!.value);
  });
});

describe("a session", () => {
  it("is in a cookie that no script can read, and only this site is sent", async () => {
    const page = await newPage();
    await logIn(page, await newLink(millrace));
    expect(await page.evaluate("document.cookie")).toBe("");
    const [cookie, ...others] = await page.context().cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/", domain: "127.0.0.1" });
    expect(cookie!.expires - Date.now() / 1000).toBeGreaterThan(13 * 86_400);
  });

  it("outlives the server, and ends when it is asked to", async () => {
    // The cookie is for one port.
    const server = await startMillrace({ env: { MILLRACE_PORT: String(await lastingPort()) } });
    await untilBuilt(server);
    const page = await newPage();
    await page.goto(server.loginUrl);
    await until("the page may ask", async () => (await rpcIn(page, server.url + LIST_PROJECTS)) === 200);
    await server.restart();
    expect(await rpcIn(page, server.url + LIST_PROJECTS)).toBe(200);
    expect(await fetchIn(page, `${server.url}/session`)).toBe(200);
    const [cookie] = await page.context().cookies();
    expect(await fetchIn(page, `${server.url}/session`, { method: "DELETE" })).toBe(204);
    expect(await page.context().cookies()).toEqual([]);
    const headers = { cookie: `${cookie!.name}=${cookie!.value}`, origin: server.url };
    expect((await fetch(`${server.url}/session`, { headers })).status).toBe(401);
    expect(await rpcIn(page, server.url + LIST_PROJECTS)).toBe(401);
  });

  it("is good for the page's own requests alone, not for whoever has the cookie", async () => {
    const page = await newPage();
    await logIn(page, await newLink(millrace));
    const [cookie] = await page.context().cookies();
    const ask = (headers: Record<string, string>) =>
      fetch(millrace.url + LIST_PROJECTS, {
        method: "POST",
        headers: { "content-type": "application/json", cookie: `${cookie!.name}=${cookie!.value}`, ...headers },
        body: "{}",
      });
    expect((await ask({ origin: millrace.url })).status).toBe(200);
    expect((await ask({})).status).toBe(401);
    expect((await ask({ origin: "https://evil.example" })).status).toBe(401);
    expect((await ask({ origin: millrace.url, "sec-fetch-site": "same-site" })).status).toBe(401);
  });
});

/** A form that sends JSON with one "=" in it: browsers send forms anywhere, without asking anybody. */
function formOf(action: string, json: string): string {
  const [start, end] = json.replaceAll('"', "&quot;").split("=");
  const input = `<input type="hidden" name="${start}" value="${end}">`;
  return `<form method="post" enctype="text/plain" action="${action}">${input}<button>Win</button></form>`;
}

describe("another page in the same browser", () => {
  // Of the same host at another port it is of the same "site": the browser sends it SameSite=Strict cookies.
  it.each(["127.0.0.1", "localhost"])("at %s can neither read nor change anything", async (host) => {
    const page = await newPage();
    await logIn(page, await newLink(millrace));
    const { url } = millrace;
    const projectId = `taken-${host.replaceAll(".", "-")}`;
    const project = JSON.stringify({ project: { projectId, displayName: "=", timeZone: "UTC" } });
    const origin = await serveSite(() => "", { "/": formOf(url + CREATE_PROJECT, project) });
    await page.goto(origin.replace("127.0.0.1", host));
    for (const path of [LIST_PROJECTS, "/session"]) expect(await rpcIn(page, url + path)).toBe("failed");
    expect(await fetchIn(page, `${url}/session`, { credentials: "include" })).toBe("failed");
    expect(await fetchIn(page, `${url}/session`, { method: "DELETE", credentials: "include" })).toBe("failed");
    expect(await rpcIn(page, url + CREATE_PROJECT, project)).toBe("failed");
    await fetchIn(page, url + CREATE_PROJECT, {
      method: "POST",
      mode: "no-cors",
      credentials: "include",
      body: project,
    });
    const token = tokenOf(await newLink(millrace));
    const login = { method: "POST", mode: "no-cors", credentials: "include", body: JSON.stringify({ token }) } as const;
    await fetchIn(page, `${url}/session`, login);
    await page.getByRole("button").click();
    await page.waitForURL(url + CREATE_PROJECT);

    const [cookie, ...others] = await page.context().cookies(url);
    expect(others).toEqual([]);
    const headers = { cookie: `${cookie!.name}=${cookie!.value}`, origin: url, "content-type": "application/json" };
    const listed = await fetch(url + LIST_PROJECTS, { method: "POST", headers, body: "{}" });
    expect(listed.status).toBe(200);
    expect(await listed.text()).not.toContain("taken-");
    const used = await fetch(`${url}/session`, { method: "POST", headers, body: JSON.stringify({ token }) });
    expect(used.status).toBe(204);
  });

  it("can not show the page in a frame", async () => {
    await untilBuilt(millrace);
    const page = await newPage();
    const origin = await serveSite(() => "", { "/": `<iframe src="${millrace.url}/"></iframe>` });
    await page.goto(origin);
    const frame = page.frames().find((one) => one !== page.mainFrame())!;
    await until("the frame was refused", () => frame.url().startsWith("chrome-error:"));
  });
});

describe("wrong tokens", () => {
  it("are slowed down after ten, with the time to wait", async () => {
    const server = await startMillrace();
    const attempt = (token: string) =>
      fetch(`${server.url}/session`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: server.url },
        body: JSON.stringify({ token }),
      });
    for (let i = 0; i < 10; i++) expect((await attempt(`mlt_${i}`)).status).toBe(401);
    const slowed = await attempt(tokenOf(server.loginUrl));
    expect(slowed.status).toBe(429);
    expect(Number(slowed.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await slowed.text()).toContain('"reason":"ATTEMPTS_EXCEEDED"');
  });
});

describe("the page", () => {
  it("forbids what it does not need, and its own scripts and styles are allowed", async () => {
    const page = await newPage();
    const refused: string[] = [];
    page.on("console", (message) => {
      if (/Content.Security.Policy|Trusted ?Type|Permissions.Policy/i.test(message.text()))
        refused.push(message.text());
    });
    await logIn(page, await newLink(millrace));
    const answer = (await page.goto(`${millrace.url}/explore`))!;
    expect(answer.headers()).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'; script-src 'self'; style-src 'self';"),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "permissions-policy": expect.stringContaining("camera=()"),
    });
    await page.getByRole("heading").first().waitFor();
    expect(refused).toEqual([]);
  });
});
