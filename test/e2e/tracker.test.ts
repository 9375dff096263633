/**
 * The tracker as visitors meet it: the script that the server serves, on a site of another origin, in a real Chromium.
 * What it is to have sent is asked of the server.
 */
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { launchMillrace, type Millrace, startMillrace, until } from "@millrace/harness";
import { openBrowser } from "@millrace/harness/browser";
import { ask, createProject, lastDays } from "@millrace/harness/load";
import { lastingPort } from "@millrace/harness/ports";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Pages, serveSite } from "./web-site.ts";

type Browser = Awaited<ReturnType<typeof openBrowser>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

/** Chromium without a window says so in its name, and would be taken for a bot. */
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
const STUB = "window.millrace=window.millrace||function(){(millrace.q=millrace.q||[]).push(arguments)}";
const ALL = ["name", "page", "referrer_source", "link_url", "plan", "utm_source"];

let millrace: Millrace;
let browser: Browser;
let projectCount = 0;

beforeAll(async () => {
  [millrace, browser] = await Promise.all([launchMillrace(), openBrowser({ keepsPages: true, userAgent: CHROME })]);
});
afterAll(async () => {
  await browser?.close();
  await millrace?.dispose();
});

/** A site whose pages carry the tracker, in a project of its own. */
type Site = {
  readonly origin: string;
  readonly projectId: string;
  readonly server: Millrace;
};

type SiteOptions = {
  readonly server?: Millrace;
  /** More attributes of the tag. */
  readonly attributes?: string;
  /** What comes before the tag. */
  readonly before?: string;
  /** Given: the key is for another origin than the site's. */
  readonly keyOrigin?: string;
  /** The tag stands in each page twice. */
  readonly twice?: boolean;
  /** Pages without the tag. */
  readonly bare?: readonly string[];
};

async function makeSite(pages: Pages, options: SiteOptions = {}): Promise<Site> {
  const { server = millrace, attributes = "", before = "", keyOrigin, twice = false, bare = [] } = options;
  const projectId = `site-${projectCount++}`;
  await createProject(server, {
    project: { projectId, timeZone: "UTC" },
    metrics: [
      { name: "events", aggregation: Aggregation.COUNT },
      { name: "devices", aggregation: Aggregation.UNIQUE, property: "anonymous_id" },
      { name: "sessions", aggregation: Aggregation.UNIQUE, property: "session_id" },
      { name: "users", aggregation: Aggregation.UNIQUE, property: "user_id" },
    ],
    rollups: [
      { name: "all_events", metrics: ["events"], dimensions: ALL },
      { name: "people", metrics: ["devices", "sessions", "users"], dimensions: [] },
    ],
  });
  let key = "";
  const origin = await serveSite((path) => {
    if (bare.includes(path)) return "";
    const tag = `<script defer src="${server.url}/millrace.js" data-key="${key}" ${attributes}></script>`;
    return before + tag + (twice ? tag : "");
  }, pages);
  const allowedOrigins = [keyOrigin ?? origin];
  const apiKey = { projectId, displayName: "site", scopes: [Scope.INGEST], allowedOrigins };
  key = (await server.client(ApiKeyService).createApiKey({ apiKey })).text;
  return { origin, projectId, server };
}

/** A visitor's browser, with a page of its own. */
async function visitor(script?: string) {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  if (script !== undefined) await context.addInitScript(script);
  const page = await context.newPage();
  const beacons: string[] = [];
  context.on("request", (request) => {
    if (request.url().includes("/v1/beacon")) beacons.push(request.resourceType());
  });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  onTestFinished(() => expect(errors).toEqual([]));
  return { context, page, beacons };
}

/** What a project has counted, once it has `count` events: "name page source …" and how often, dimensions without a value left out. */
async function counted({ server, projectId }: Site, count: number): Promise<Record<string, number>> {
  await server.untilCounted(projectId, count);
  const rows = await ask(server, { projectId, metrics: ["events"], dimensions: ALL, timeRange: lastDays(2) });
  const entries = rows.map((row) => [
    ALL.map((dimension) => row[dimension])
      .filter((value) => value !== "" && value !== null)
      .join(" "),
    Number(row["events"]),
  ]);
  return Object.fromEntries(entries);
}

async function people({ server, projectId }: Site): Promise<Record<string, number>> {
  const metrics = ["devices", "sessions", "users"];
  const [row] = await ask(server, { projectId, metrics, timeRange: lastDays(2) });
  return Object.fromEntries(metrics.map((metric) => [metric, Number(row?.[metric] ?? 0)]));
}

/** Opens a page, and waits until the tracker runs in it. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await loaded(page);
}

async function loaded(page: Page): Promise<void> {
  await page.waitForFunction("window.millrace?.loaded");
}

describe("page views", () => {
  it("are counted as pages are loaded, with where visitors came from and the campaign", async () => {
    const site = await makeSite({ "/": '<a href="/about">about</a>', "/about": "" });
    const { page } = await visitor();
    await page.goto(`${site.origin}/?utm_source=letter&token=secret#part`, { referer: "https://www.google.com/" });
    await page.click("a");
    expect(await counted(site, 2)).toEqual({
      "page_view / Google letter": 1,
      "page_view /about (internal)": 1,
    });
  });

  it("are counted as the path changes by the history API, and not when only the query does", async () => {
    const site = await makeSite({ "/": "" });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.evaluate(`
      history.pushState({}, "", "/cart");
      history.pushState({}, "", "/cart?sort=price");
      history.replaceState({}, "", "/cart#total");
      history.replaceState({}, "", "/checkout");
    `);
    await page.goBack();
    await page.evaluate("millrace('end')");
    expect(await counted(site, 5)).toEqual({
      "page_view / (direct)": 1,
      "page_view /cart (internal)": 2,
      "page_view /checkout (internal)": 1,
      "end /cart (internal)": 1,
    });
  });

  it("are counted by what follows # where that is chosen", async () => {
    const site = await makeSite({ "/app": '<a href="#/settings?tab=2">settings</a>' }, { attributes: "data-hash" });
    const { page } = await visitor();
    await open(page, `${site.origin}/app`);
    await page.click("a");
    await page.evaluate("location.hash = '#!/users/7'");
    expect(await counted(site, 3)).toEqual({
      "page_view /app (direct)": 1,
      "page_view /app/settings (internal)": 1,
      "page_view /app/users/7 (internal)": 1,
    });
  });

  it("are counted when the browser shows a page as it was left", async () => {
    const site = await makeSite({ "/": '<a href="/next">next</a>', "/next": "" });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.evaluate("window.left = false; addEventListener('pageshow', () => { window.left = true })");
    await page.click("a");
    await loaded(page);
    await page.goBack({ waitUntil: "commit" });
    await page.waitForFunction("window.left");
    expect(await counted(site, 3)).toEqual({
      "page_view / (direct)": 1,
      "page_view / (internal)": 1,
      "page_view /next (internal)": 1,
    });
  });

  it("are counted once a page that was prepared, or opened behind others, is shown", async () => {
    const site = await makeSite({ "/": "" });
    // Chromium shows every page to its driver, so that the page has to be told otherwise.
    const { page, beacons } = await visitor(`
      window.isHidden = true;
      Object.defineProperty(document, "hidden", { get: () => window.isHidden });
    `);
    await open(page, `${site.origin}/`);
    await page.evaluate("history.replaceState({}, '', '/final')");
    expect(beacons).toEqual([]);
    await page.evaluate(
      "window.isHidden = false; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))",
    );
    expect(await counted(site, 1)).toEqual({ "page_view /final (direct)": 1 });
  });

  it("are the page's own business where that is chosen", async () => {
    const site = await makeSite({ "/": "" }, { attributes: "data-manual" });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.evaluate("history.pushState({}, '', '/not-counted')");
    await page.evaluate("millrace('page_view', { url: 'https://shop.example/order/:id' })");
    expect(await counted(site, 1)).toEqual({ "page_view /order/:id (direct)": 1 });
  });

  it.each(["javascript:alert(1)", "ftp://events.example/", "//", "data:,"])(
    "go nowhere, without an error in the page, where the tag says %s",
    async (host) => {
      const site = await makeSite(
        { "/": '<a href="/next">next</a>', "/next": "" },
        { attributes: `data-host="${host}"` },
      );
      const { page, beacons } = await visitor();
      await page.goto(`${site.origin}/`, { waitUntil: "load" });
      await page.click("a");
      await page.waitForURL("**/next");
      expect(beacons).toEqual([]);
    },
  );

  it("see nothing of what is wrong with forms", async () => {
    const form =
      '<form data-millrace="order" onsubmit="return false"><input name="getAttribute"><button>go</button></form>';
    const site = await makeSite({ "/": form });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.evaluate("document.querySelector('button').click()");
    await page.evaluate("window.dispatchEvent(new Event('submit'))");
    expect(await counted(site, 1)).toEqual({ "page_view / (direct)": 1 });
  });

  it("need two sources in a page's policy, and no more", async () => {
    const policy = `default-src 'none'; script-src ${millrace.url}; connect-src ${millrace.url}`;
    const before = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
    const site = await makeSite({ "/": "" }, { before });
    const { page } = await visitor();
    await page.goto(`${site.origin}/`);
    expect(await counted(site, 1)).toEqual({ "page_view / (direct)": 1 });
  });

  it("are counted once where the tag stands twice", async () => {
    const site = await makeSite({ "/": "" }, { twice: true });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.evaluate("millrace('end')");
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 1, "end / (direct)": 1 });
  });
});

describe("events", () => {
  it("tell links that lead elsewhere, and files", async () => {
    const body = `
      <a id="out" href="https://other.example/offer?token=1" target="_blank"><b>offer</b></a>
      <a id="file" href="/price-list.PDF" download>prices</a>
      <a id="in" href="#in">in</a>
      <a id="mail" href="mailto:a@example.org">mail</a>
      <script>
        for (const type of ["click", "auxclick"]) addEventListener(type, (event) => event.preventDefault());
      </script>`;
    const site = await makeSite({ "/": body });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.click("#out b");
    await page.click("#out", { button: "middle" });
    await page.click("#out", { button: "right" });
    for (const id of ["#file", "#in", "#mail"]) await page.click(id);
    expect(await counted(site, 4)).toEqual({
      "page_view / (direct)": 1,
      "outbound_link / (direct) https://other.example/offer": 2,
      [`file_download / (direct) ${site.origin}/price-list.PDF`]: 1,
    });
  });

  it("are named by an attribute, with properties, on what is clicked and on forms", async () => {
    const body = `
      <button data-millrace="signup" data-millrace-plan="pro"><i>Sign up</i></button>
      <form data-millrace="order" data-millrace-plan="basic"><input name="q"><input type="submit"></form>
      <script>addEventListener("submit", (event) => event.preventDefault())</script>`;
    const site = await makeSite({ "/": body });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.click("i");
    await page.click("input[name=q]");
    await page.keyboard.press("Enter");
    expect(await counted(site, 3)).toEqual({
      "page_view / (direct)": 1,
      "signup / (direct) pro": 1,
      "order / (direct) basic": 1,
    });
  });

  it("are sent by calls, those made before the script was there included, and never throw", async () => {
    const before = `<script>${STUB};millrace("early", { plan: "first" })</script>`;
    const site = await makeSite({ "/": "" }, { before });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await page.evaluate(`
      millrace("signup", { plan: "pro" });
      const endless = {};
      endless.self = endless;
      millrace("broken", endless);
      millrace("broken", { plan: 1n });
      millrace("broken", { plan: ["of", "many"] });
      millrace();
      millrace("identify", "user-7");
      millrace("paid");
      millrace("identify");
    `);
    expect(await counted(site, 4)).toEqual({
      "page_view / (direct)": 1,
      "early / (direct) first": 1,
      "signup / (direct) pro": 1,
      "paid / (direct)": 1,
    });
    expect((await people(site)).users).toBe(1);
  });

  it("are of the user whom the page named, the first page view included", async () => {
    const site = await makeSite({ "/": "" }, { before: `<script>${STUB};millrace("identify", "user-7")</script>` });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await counted(site, 1);
    expect((await people(site)).users).toBe(1);
  });
});

describe("what a visitor did last", () => {
  const LEAVING = `<script>addEventListener("pagehide", () => millrace("left"))</script>`;

  it("is given to the browser to send when the page is left", async () => {
    const site = await makeSite(
      { "/": '<a href="/bare">leave</a>', "/bare": "" },
      { before: LEAVING, bare: ["/bare"] },
    );
    const { page } = await visitor(`
      const original = navigator.sendBeacon;
      navigator.sendBeacon = function (...parameters) {
        sessionStorage.taken = original.apply(this, parameters);
        return sessionStorage.taken === "true";
      };
    `);
    await open(page, `${site.origin}/`);
    await counted(site, 1);
    await page.click("a");
    await page.waitForURL("**/bare");
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 1, "left / (direct)": 1 });
    expect(await page.evaluate("sessionStorage.taken")).toBe("true");
  });

  it("is sent at once when the page is hidden, whether it lives on or not", async () => {
    const site = await makeSite({ "/": "" });
    const { page } = await visitor(
      "Object.defineProperty(document, 'hidden', { get: () => window.isHidden === true })",
    );
    await open(page, `${site.origin}/`);
    await counted(site, 1);
    // No timer of the page goes off from here on.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await page.evaluate("millrace('last'); window.isHidden = true");
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 1, "last / (direct)": 1 });
  });

  it("is sent when the page is closed", async () => {
    const site = await makeSite({ "/": "" }, { before: LEAVING });
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    await counted(site, 1);
    await page.close({ runBeforeUnload: true });
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 1, "left / (direct)": 1 });
  });

  it("is sent by a usual request where the browser refuses to take it", async () => {
    const site = await makeSite(
      { "/": '<a href="/bare">leave</a>', "/bare": "" },
      { before: LEAVING, bare: ["/bare"] },
    );
    const { page } = await visitor("navigator.sendBeacon = () => false");
    await open(page, `${site.origin}/`);
    await counted(site, 1);
    await page.click("a");
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 1, "left / (direct)": 1 });
  });
});

describe("what could not be sent", () => {
  it("is sent again until the server is back, and counts once", async () => {
    const server = await startMillrace({ env: { MILLRACE_PORT: String(await lastingPort()) } });
    const site = await makeSite({ "/": "" }, { server });
    const { page, beacons } = await visitor();
    await open(page, `${site.origin}/`);
    await counted(site, 1);
    await server.kill9();
    const countBefore = beacons.length;
    await page.evaluate("millrace('first')");
    await until("an attempt has failed", () => beacons.length > countBefore);
    await page.evaluate("millrace('second')");
    await server.restart();
    expect(await counted(site, 3)).toEqual({
      "page_view / (direct)": 1,
      "first / (direct)": 1,
      "second / (direct)": 1,
    });
  });

  it("counts once when it had arrived and only the answer was lost", async () => {
    const site = await makeSite({ "/": "" });
    const { page, context, beacons } = await visitor();
    let lost = 0;
    await context.route("**/v1/beacon**", async (route) => {
      if (lost++ > 0) return route.continue();
      await route.fetch();
      await route.abort();
    });
    await open(page, `${site.origin}/`);
    await until("it was sent again", () => beacons.length === 2);
    await page.evaluate("millrace('end')");
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 1, "end / (direct)": 1 });
  });

  it("is sent again when the server has no room, and given up when it refuses", async () => {
    const site = await makeSite({ "/": "" });
    const { page, context, beacons } = await visitor();
    const answers = [429, 503, 400];
    await context.route("**/v1/beacon**", (route) => {
      const status = answers.shift();
      return status === undefined ? route.continue() : route.fulfill({ status });
    });
    await open(page, `${site.origin}/`);
    await until("it was refused", () => beacons.length === 3);
    await page.evaluate("millrace('end')");
    expect(await counted(site, 1)).toEqual({ "end / (direct)": 1 });
    expect(beacons).toHaveLength(4);
  });

  it("is tried again and again, for as long as the page lives", async () => {
    const site = await makeSite({ "/": "" });
    const { page, context, beacons } = await visitor();
    await page.clock.install();
    let isAway = true;
    await context.route("**/v1/beacon**", (route) => (isAway ? route.abort() : route.continue()));
    await open(page, `${site.origin}/`);
    const minutesUntil = (what: string, isSo: () => boolean) =>
      until(what, async () => {
        await page.clock.runFor(60_000);
        return isSo();
      });
    await minutesUntil("it was tried twelve times", () => beacons.length >= 12);
    isAway = false;
    const countBefore = beacons.length;
    await minutesUntil("it was tried once more", () => beacons.length > countBefore);
    expect(await counted(site, 1)).toEqual({ "page_view / (direct)": 1 });
  });

  it("is at most 100 events, the first ones", async () => {
    const site = await makeSite({ "/": "" }, { attributes: "data-manual" });
    const { page, context } = await visitor();
    let isAway = true;
    await context.route("**/v1/beacon**", (route) => (isAway ? route.abort() : route.continue()));
    await open(page, `${site.origin}/`);
    await page.evaluate("for (let i = 0; i < 150; i++) millrace('event', { plan: i < 100 ? 'first' : 'more' })");
    isAway = false;
    expect(await counted(site, 100)).toEqual({ "event / (direct) first": 100 });
  });
});

describe("visitors", () => {
  it("who ask not to be tracked are not, whichever way they ask", async () => {
    const site = await makeSite(
      { "/": '<button data-millrace="signup">sign up</button>' },
      { attributes: "data-cookies" },
    );
    const ways = {
      "Do Not Track": "Object.defineProperty(navigator, 'doNotTrack', { value: '1' })",
      "Global Privacy Control": "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })",
    };
    for (const [way, script] of Object.entries(ways)) {
      const { page, context, beacons } = await visitor(script);
      await open(page, `${site.origin}/`);
      await page.click("button");
      await page.evaluate("millrace('signup')");
      await page.goto("about:blank");
      expect(beacons, way).toEqual([]);
      expect(await context.cookies(), way).toEqual([]);
    }
    const { page } = await visitor();
    await open(page, `${site.origin}/`);
    expect(await counted(site, 1)).toEqual({ "page_view / (direct)": 1 });
  });

  it("have nothing stored in their browsers, and are counted without it", async () => {
    const site = await makeSite({ "/": "" });
    const { page, context } = await visitor();
    await open(page, `${site.origin}/`);
    await page.reload();
    await loaded(page);
    expect(await counted(site, 2)).toEqual({ "page_view / (direct)": 2 });
    const { cookies, origins } = await context.storageState({ indexedDB: true });
    expect({ cookies, origins }).toEqual({ cookies: [], origins: [] });
    expect(await people(site)).toMatchObject({ devices: 1, sessions: 1 });
  });

  it("are known again by cookies where the page chose them, for as long as it says", async () => {
    const site = await makeSite({ "/": "" }, { attributes: "data-cookies" });
    const { page, context } = await visitor();
    await open(page, `${site.origin}/`);
    const first = await context.cookies();
    await counted(site, 1);
    await page.reload();
    await loaded(page);
    await counted(site, 2);
    expect(await people(site)).toMatchObject({ devices: 1, sessions: 1 });
    const second = await context.cookies();
    expect(second.map(({ name, value, sameSite }) => ({ name, value, sameSite }))).toEqual(
      ["millrace_visitor", "millrace_session"].map((name) => ({
        name,
        value: first.find((cookie) => cookie.name === name)?.value,
        sameSite: "Lax",
      })),
    );
    const days = second.map(({ expires }) => (expires - Date.now() / 1000) / 86_400);
    expect(days[0]).toBeCloseTo(395, 1);
    expect(days[1]).toBeCloseTo(0.5 / 24, 2);
    // The session is over, the visitor is not.
    await context.clearCookies({ name: "millrace_session" });
    await page.reload();
    await loaded(page);
    await counted(site, 3);
    expect(await people(site)).toMatchObject({ devices: 1, sessions: 2 });
  });
});

describe("a key of another site", () => {
  it("is refused, and the page is none the worse", async () => {
    const site = await makeSite({ "/": "" }, { keyOrigin: "https://example.org" });
    const { page } = await visitor();
    const refused = page.waitForResponse(/beacon/);
    await open(page, `${site.origin}/`);
    const answer = await refused;
    expect([answer.status(), await answer.text()]).toEqual([403, expect.stringContaining("ORIGIN_NOT_ALLOWED")]);
    const { balance } = await site.server.status(site.projectId);
    expect(balance?.acceptedCount ?? 0n).toBe(0n);
  });
});
