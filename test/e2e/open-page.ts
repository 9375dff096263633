import { type Millrace, until } from "@millrace/harness";
import type { openBrowser } from "@millrace/harness/browser";
import { expect, onTestFailed, onTestFinished } from "vitest";

/** A real browser. */
export type Browser = Awaited<ReturnType<typeof openBrowser>>;

/** A page of a real browser. */
export type Page = Awaited<ReturnType<Browser["newPage"]>>;

/** How somebody looks at a page. */
export type Looks = { readonly width?: number };

/**
 * Opens a new link of the server in a page, and waits until that has made a session: who goes elsewhere before has none.
 * The link leads to the overview, or to the address of the page that is given: any of them takes its token.
 */
export async function logIn(page: Page, server: Millrace, address = "/"): Promise<void> {
  const answer = await fetch(`${server.url}/millrace.dashboard.v1.SessionService/CreateLoginToken`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.keys.adminKey}` },
    body: "{}",
  });
  const { path } = (await answer.json()) as { path: string };
  const isSession = (url: string) => new URL(url).pathname === "/session";
  await Promise.all([
    page.waitForResponse((response) => isSession(response.url()) && response.request().method() === "POST"),
    page.goto(server.url + path.replace("/", () => address)),
  ]);
}

/**
 * A page that has opened a new link of the server, at an address of the page. When the test ends it must have thrown nothing, and kept to the
 * server's policy; when the test fails, what the browser said is shown.
 */
export async function openPage(
  browser: Browser,
  server: Millrace,
  { width = 1_280 }: Looks = {},
  address = "/",
): Promise<Page> {
  await until("the page is built", async () => (await fetch(server.url)).ok, { withinMs: 60_000 });
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: "light",
    locale: "en-US",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(`uncaught: ${error.stack}`));
  onTestFailed(async () => {
    process.stderr.write(`\n── what the browser said\n${said.join("\n")}\n`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(said.filter((text) => /^uncaught|Content.Security.Policy|Trusted ?Type/i.test(text))).toEqual([]);
  });
  await logIn(page, server, address);
  return page;
}
