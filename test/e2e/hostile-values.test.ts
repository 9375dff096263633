/**
 * What strangers write into events, shown by the page in a real Chromium and by the command line on a terminal: it is
 * text there, and nothing else.
 */
import { join } from "node:path";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { launchMillrace, type Millrace, until } from "@millrace/harness";
import { openBrowser } from "@millrace/harness/browser";
import { createProject } from "@millrace/harness/load";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { logIn } from "./open-page.ts";
import { Terminal } from "./terminal.ts";

const PROJECT = "hostile";
const IMAGE = `<img src=x onerror="window.taken=1">`;
const CLOSING = `</script><script>window.taken=1</script>`;
const URL_OF_CODE = "javascript:window.taken=1";
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
const TITLE_OF_TERMINAL = "\u001b]0;taken\u0007\u009b2J";
const AROUND = "\u202egnp.exe";

const BIN = join(import.meta.dirname, "../../packages/cli/bin/millrace.js");

let millrace: Millrace;
let browser: Awaited<ReturnType<typeof openBrowser>>;

beforeAll(async () => {
  [millrace, browser] = await Promise.all([launchMillrace(), openBrowser()]);
  const project = { projectId: PROJECT, displayName: `A ${IMAGE}`, template: Template.WEB };
  const key = await createProject(millrace, { project });
  const events = [IMAGE, CLOSING, URL_OF_CODE, AROUND, TITLE_OF_TERMINAL].flatMap((text, i) => [
    { event_id: `own-${i}`, name: text, user_id: text, properties: { plan: text, [`key ${text}`.slice(0, 30)]: text } },
    {
      event_id: `view-${i}`,
      name: "page_view",
      user_id: text,
      properties: {
        url: `https://shop.example/${text}?utm_source=${encodeURIComponent(text)}`,
        referrer: i === 2 ? text : `https://${encodeURIComponent(text)}.example/${text}`,
        user_agent: `${CHROME} ${text}`,
        country: text,
        page: text,
      },
    },
  ]);
  const sent = await fetch(`${millrace.url}/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify(events),
  });
  expect(await sent.json()).toMatchObject({ acceptedCount: 10 });
  await millrace.untilCounted(PROJECT, 10);
});
afterAll(async () => {
  await browser?.close();
  await millrace?.dispose();
});

it.each(["/", "/explore"])(
  "the page at %s shows it as text: no code runs, nothing is loaded, no link leads to it",
  async (path) => {
    await until("the page is built", async () => (await fetch(millrace.url)).ok, { withinMs: 60_000 });
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(`uncaught: ${error.message}`));
    page.on("dialog", (dialog) => void dialog.dismiss());
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(millrace.url)) foreign.push(request.url());
    });
    await logIn(page, millrace);
    await page.goto(`${millrace.url}${path}?project=${PROJECT}&range=24h&by=page&dimensions=page`);
    await page
      .getByText(path === "/" ? CLOSING : `/${IMAGE}`)
      .filter({ visible: true })
      .first()
      .waitFor();
    if (path === "/") {
      const last = page.getByRole("list", { name: "Last events, newest first" });
      await page.getByRole("heading", { name: "Last events" }).scrollIntoViewIfNeeded();
      await last.getByText(IMAGE).first().waitFor();
    }
    expect(await page.evaluate("window.taken")).toBeUndefined();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await page.locator("[href^='javascript:' i]").count()).toBe(0);
    expect(said.filter((text) => /^uncaught|Content.Security.Policy|Trusted ?Type/i.test(text))).toEqual([]);
    expect(foreign).toEqual([]);
  },
);

it.each([
  ["query", "events", "--by", "name"],
  ["query", "page_views", "--by", "page", "--chart"],
  ["query", "events", "--by", "name", "--csv"],
  ["query", "events", "--by", "name", "--json"],
  ["tail", "--recent", "20"],
  ["tail", "--recent", "20", "--json"],
  ["project", "get", PROJECT],
])("millrace %s %s … shows it on a terminal without obeying it", async (...args) => {
  const env = {
    ...process.env,
    MILLRACE_DATA_DIR: millrace.dataDirectory,
    MILLRACE_URL: millrace.url,
    LANG: "C.UTF-8",
  };
  const command = [process.execPath, BIN, ...args, ...(args[0] === "project" ? [] : ["--project", PROJECT])];
  const terminal = new Terminal(command, { columns: 200, rows: 30, cwd: millrace.dataDirectory, env });
  onTestFinished(() => terminal.close());
  if (args[0] === "tail") {
    await until("the events are shown", async () => terminal.written.split("\n").length > 10);
    terminal.type("\u0003");
  }
  await terminal.end;
  expect(terminal.written).toMatch(args[0] === "project" ? "img src" : "script");
  // Colours are the command line's own.
  const rest = terminal.written.replace(/(\p{Cc})\[\d{1,2}m/gu, (code, first) => (first === "\u001b" ? "" : code));
  expect(rest.match(/[^\P{Cc}\r\n]|[\u202a-\u202e]/gu)).toBeNull();
});
