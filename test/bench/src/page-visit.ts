import type { openBrowser } from "@millrace/harness/browser";
import type { Millrace } from "@millrace/harness/process";

export type Browser = Awaited<ReturnType<typeof openBrowser>>;
export type Page = Awaited<ReturnType<Browser["newPage"]>>;
type Context = Awaited<ReturnType<Browser["newContext"]>>;
export type Inspector = Awaited<ReturnType<Context["newCDPSession"]>>;

/** A page in a browser of its own memory, cookies and cache. */
export type Visit = { readonly page: Page; readonly inspector: Inspector; close(): Promise<void> };

/** When what was seen, in milliseconds since the page was asked for. */
export type Seen = {
  readonly painted: number;
  /** The key numbers have values, and the chart is drawn. */
  readonly shown: number;
  /** Tasks of more than 50 ms until then, added up. */
  readonly longTasks: number;
};

const SIZE = { width: 1_280, height: 900 };

/** Runs in the page, before anything of its own. The key numbers are skeletons until they have values. */
const WATCHER = `{
  const seen = { shown: undefined, longTasks: 0 };
  window.benchSeen = seen;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) if (seen.shown === undefined) seen.longTasks += duration;
  }).observe({ type: "longtask", buffered: true });
  seen.all = new Promise((resolve) => {
    const look = () => {
      const there = document.querySelector(".key-value") && document.querySelector("[role=slider] canvas");
      if (!there) return requestAnimationFrame(look);
      requestAnimationFrame(() => {
        seen.shown = performance.now();
        resolve();
      });
    };
    requestAnimationFrame(look);
  });
}`;

/** Opens a browser's context with nothing in it. */
export async function visit(browser: Browser): Promise<Visit> {
  const context = await browser.newContext({ viewport: SIZE, locale: "en-US" });
  const page = await context.newPage();
  await page.addInitScript(WATCHER);
  const inspector = await context.newCDPSession(page);
  return { page, inspector, close: () => context.close() };
}

/** A new link that opens the page, once. */
export async function loginLink({ url, keys }: Millrace): Promise<string> {
  const answer = await fetch(`${url}/millrace.dashboard.v1.SessionService/CreateLoginToken`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${keys.adminKey}` },
    body: "{}",
  });
  if (!answer.ok) throw new Error(`no login link was made: ${answer.status} ${await answer.text()}`);
  return url + ((await answer.json()) as { path: string }).path;
}

/** Goes to an address, and tells what was seen when once the page shows its numbers. */
export async function goTo(page: Page, url: string): Promise<Seen> {
  await page.goto(url);
  await untilShown(page);
  return page.evaluate<Seen>(`({
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    shown: window.benchSeen.shown,
    longTasks: window.benchSeen.longTasks,
  })`);
}

/** Resolves when the key numbers have values, and the chart is drawn. */
export async function untilShown(page: Page): Promise<void> {
  await page.evaluate("window.benchSeen.all");
}
