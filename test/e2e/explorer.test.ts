/**
 * The explorer, as somebody uses it in a real Chromium: a question is put together, its answer is the right one in each
 * look, and question and answer can be taken elsewhere.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createMillrace } from "@millrace/client";
import { CHECKOUT, environment, launchMillrace, type Millrace, until } from "@millrace/harness";
import { openBrowser } from "@millrace/harness/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible } from "./expect-accessible.ts";
import { type Browser, type Looks, openPage, type Page } from "./open-page.ts";

const PROJECT = "demo";

/** How many views each page has; as many visitors have viewed it, and "a" has viewed them all. */
const VIEWS: Readonly<Record<string, number>> = { "/": 7, "/docs/start": 5, "/docs/api": 3, "/pricing": 2 };

let millrace: Millrace;
let browser: Browser;

beforeAll(async () => {
  [millrace, browser] = await Promise.all([launchMillrace(), openBrowser()]);
  await track(
    Object.entries(VIEWS).flatMap(([path, count]) => Array.from({ length: count }, (_, who) => ({ path, who }))),
  );
  await until("the page is built", async () => (await fetch(millrace.url)).ok, { withinMs: 60_000 });
});
afterAll(async () => {
  await browser?.close();
  await millrace?.dispose();
});

async function track(views: readonly { readonly path: string; readonly who: number }[]): Promise<void> {
  const client = createMillrace({ url: millrace.url, key: millrace.keys.projectKeys[PROJECT]! });
  for (const { path, who } of views) {
    client.track("page_view", { url: `https://example.org${path}` }, { userId: `visitor ${who}` });
  }
  await client.close();
}

/** A page that has logged in at an address of the explorer. */
async function explore(query: string, looks?: Looks): Promise<Page> {
  const page = await openPage(browser, millrace, looks, `/explore${query}`);
  await page.getByRole("region", { name: "Answer" }).waitFor();
  return page;
}

/** The rows of the table that is shown, cell by cell, once there are so many. */
async function rowsOf(page: Page, count: number): Promise<string[][]> {
  const rows = page.locator(".answer tbody tr");
  await until(`${count} rows`, async () => (await rows.count()) === count);
  return page.evaluate(
    `[...document.querySelectorAll(".answer tbody tr")].map((row) => [...row.cells].map((cell) => cell.innerText.trim()))`,
  );
}

const BY_VIEWS = Object.entries(VIEWS).map(([path, count]) => [path, String(count)]);

describe("a question", () => {
  it("is put together by keyboard alone, and answered rightly", async () => {
    const page = await explore("?compare=none");
    const measure = page.getByRole("combobox", { name: "Measure" });
    await measure.press("Backspace");
    await measure.pressSequentially("page v");
    await page.getByRole("option", { name: "Page views" }).waitFor();
    await measure.press("Enter");
    await measure.press("Escape");
    await page.getByRole("button", { name: "Remove Visitors from Measure" }).press("Enter");
    await page.keyboard.press("Tab");
    const by = page.getByRole("combobox", { name: "Broken down by" });
    await by.focus();
    await by.press("ArrowDown");
    await by.pressSequentially("page");
    await by.press("Enter");
    expect(await rowsOf(page, 4)).toEqual(BY_VIEWS);
    await page.getByRole("heading", { name: "Page views by page" }).waitFor();
    await page.getByRole("radio", { name: "Table" }).press("Space");
    await page.getByText("Sum of 4 rows").waitFor();
    expect(await rowsOf(page, 4)).toEqual(BY_VIEWS);
    expect(await page.locator(".answer tfoot td").textContent()).toBe("17");
  });

  it("stands in the address, and comes back with it, and with back and forward", async () => {
    const page = await explore("?show=page_views&compare=none&range=24h");
    await page.getByRole("slider", { name: /Page views over time/ }).waitFor();
    await page.getByRole("radio", { name: "Number" }).press("Space");
    await page.getByRole("definition").getByText("17", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Broken down by" }).fill("page");
    await page.getByRole("option", { name: /^Page/ }).click();
    await rowsOf(page, 4);
    await page.getByRole("radio", { name: "Table" }).press("Space");
    await page.getByRole("button", { name: "Page", exact: true }).click();
    const byName = [...BY_VIEWS].sort(([a], [b]) => (a! < b! ? -1 : 1));
    await until("the rows are by name", async () => (await rowsOf(page, 4)).join() === byName.join());
    const address = page.url();
    expect(Object.fromEntries(new URL(address).searchParams)).toEqual({
      ...{ show: "page_views", by: "page", as: "table", order: "page:asc", range: "24h", compare: "none" },
    });
    await page.reload();
    expect(await rowsOf(page, 4)).toEqual(byName);
    await page.goBack();
    await until("the rows are by views", async () => (await rowsOf(page, 4)).join() === BY_VIEWS.join());
    await page.goBack();
    await page.goBack();
    await page.getByRole("definition").getByText("17", { exact: true }).waitFor();
    for (let step = 0; step < 3; step++) await page.goForward();
    await until("the rows are by name again", async () => (await rowsOf(page, 4)).join() === byName.join());
    expect(page.url()).toBe(address);
  });

  it("comes from a panel of the overview", async () => {
    const page = await explore("");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("button", { name: "More about Pages" }).click();
    await page.getByRole("link", { name: "Explore" }).last().click();
    await page.getByRole("heading", { name: "Visitors by page" }).waitFor();
    expect((await rowsOf(page, 4)).map(([path]) => path)).toEqual(Object.keys(VIEWS));
  });
});

describe("a filter", () => {
  it("offers the values that there are, and narrows the answer", async () => {
    const page = await explore("?show=page_views&by=page&compare=none");
    await page.getByRole("button", { name: "Add a filter" }).click();
    await page.getByRole("combobox", { name: "Dimension to filter by" }).selectOption("page");
    const values = page.getByRole("combobox", { name: "Values" });
    await values.fill("/docs");
    await page.getByRole("option", { name: "/docs/api" }).click();
    await values.fill("pri");
    await page.getByRole("option", { name: "/pricing" }).click();
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    expect(await rowsOf(page, 2)).toEqual([
      ["/docs/api", "3"],
      ["/pricing", "2"],
    ]);
    await page.getByRole("button", { name: /Remove the filter/ }).click();
    await rowsOf(page, 4);
  });

  it("by what values start with is kept in the address", async () => {
    const page = await explore("?show=page_views&by=page&compare=none&starts.page=/docs");
    expect(await rowsOf(page, 2)).toEqual([
      ["/docs/start", "5"],
      ["/docs/api", "3"],
    ]);
    await page.getByText("Page starts with “/docs”").waitFor();
  });
});

describe("an answer", () => {
  it("follows what arrives, without a reload", async () => {
    const page = await explore("?show=events&as=number&compare=none&range=30m");
    await page.getByRole("definition").getByText("0", { exact: true }).waitFor();
    await page.evaluate("window.notReloaded = true");
    const client = createMillrace({ url: millrace.url, key: millrace.keys.projectKeys[PROJECT]! });
    client.track("signup", {}, { userId: "visitor 1" });
    await client.close();
    await page.getByRole("definition").getByText("1", { exact: true }).waitFor();
    expect(await page.evaluate("window.notReloaded")).toBe(true);
    await page.getByText(/^Up to \d\d:\d\d:\d\d/).waitFor();
  });

  it("is downloaded as CSV, all of it", async () => {
    const page = await explore("?show=page_views&show=visitors&by=page&as=table&top=2&compare=none");
    const rows = await rowsOf(page, 2);
    expect(rows).toEqual(BY_VIEWS.slice(0, 2).map(([path, count]) => [path, count, count]));
    await page.getByText("There are more than these 2").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("demo-page_views-visitors-page.csv");
    const lines = readFileSync(await download.path(), "utf8")
      .trimEnd()
      .split("\r\n");
    expect(lines).toEqual([
      "page,page_views,visitors",
      ...BY_VIEWS.map(([path, count]) => [path, count, count].join()),
    ]);
  });

  it("is the same for the lines that are copied for a terminal", async () => {
    const page = await explore("?show=page_views&by=page&compare=none&contains.page=docs&order=page_views:asc");
    const shown = await rowsOf(page, 2);
    expect(shown).toEqual([
      ["/docs/api", "3"],
      ["/docs/start", "5"],
    ]);
    const curl = await run(await copied(page, "Copy as curl"));
    const { result } = JSON.parse(curl) as { result: { rows: { values: unknown[] }[] } };
    expect(result.rows.map(({ values }) => values.map(String))).toEqual(shown);
    const csv = await run(`${await copied(page, "Copy as command line")} --output csv`);
    expect(csv.trimEnd().split(/\r?\n/).slice(1)).toEqual(shown.map((cells) => cells.join()));
    const lines = await copied(page, "Copy as TypeScript");
    const rows = await run('node --input-type=module-typescript -e "$LINES_OF_CODE"', {
      LINES_OF_CODE: `${lines}\nprocess.stdout.write(JSON.stringify(rows)); await millrace.close();`,
    });
    const read = JSON.parse(rows) as { page: string; page_views: number }[];
    expect(read.map((row) => [row.page, String(row.page_views)])).toEqual(shown);
  });
});

/** What is on the clipboard after an item of the menu was chosen. */
async function copied(page: Page, name: string): Promise<string> {
  await page.getByRole("button", { name: "Copy as" }).click();
  await page.getByRole("button", { name }).click();
  await page.getByRole("status").getByText("Copied", { exact: true }).waitFor();
  return page.evaluate<string>("navigator.clipboard.readText()");
}

/** Runs what was copied in a shell, with the key as the text asks for it. */
async function run(text: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-c", text], {
    cwd: CHECKOUT,
    env: environment({
      PATH: [join(CHECKOUT, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
      MILLRACE_URL: millrace.url,
      MILLRACE_KEY: millrace.keys.adminKey,
      ...env,
    }),
    timeout: 30_000,
  });
  return stdout;
}

describe("a combination that is not kept", () => {
  it("is explained, with the line that would keep it, and can't be chosen from the list", async () => {
    const page = await explore("?show=page_views&by=page&by=country");
    const told = page.getByRole("alert");
    await told.getByText("Not kept in this combination").waitFor();
    await told.getByText("npx millrace rollup create by_page_country --metrics page_views --by page,country").waitFor();
    await page.getByRole("button", { name: "Remove Country from Broken down by" }).click();
    await rowsOf(page, 4);
    const by = page.getByRole("combobox", { name: "Broken down by" });
    await by.fill("country");
    const option = page.getByRole("option", { name: /^Country/ });
    await option.waitFor();
    expect(await option.getAttribute("aria-disabled")).toBe("true");
    await by.press("Enter");
    expect(await page.getByRole("button", { name: "Remove Country from Broken down by" }).count()).toBe(0);
    await page.getByText("npx millrace rollup create by_page_country --metrics page_views --by page,country").waitFor();
  });

  it("of time and width offers the finest width that is kept", async () => {
    const page = await explore("?show=page_views&range=30d&every=5m&compare=none");
    await page.getByRole("button", { name: "Show by 15 minutes" }).click();
    await page.getByRole("slider", { name: /Page views over time/ }).waitFor();
    expect(new URL(page.url()).searchParams.get("every")).toBe("15m");
  });

  it("of a metric that is not there is told in words", async () => {
    const page = await explore("?show=page_vies");
    await page.getByRole("alert").getByText("No such metric").waitFor();
  });
});

describe("everybody", () => {
  const QUESTIONS = [
    "?show=page_views&by=page&as=series",
    "?show=page_views&show=visitors&by=page",
    "?show=page_views&by=page&as=table&starts.page=/docs",
    "?show=page_views&as=number",
    "?show=page_views&by=page&by=country",
  ];
  it.each([360, 1_440])("can use the explorer at %d pixels, in the light and in the dark", async (width) => {
    const page = await explore("", { width });
    for (const question of QUESTIONS) {
      await page.goto(`${millrace.url}/explore${question}`);
      await page.locator(".answer-body").locator("table, dl, [role=slider], [role=alert]").first().waitFor();
      await expectAccessible(page, width);
    }
    await page.getByRole("combobox", { name: "Measure" }).click();
    await page.getByRole("listbox", { name: "Measure" }).waitFor();
    await expectAccessible(page, width);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Add a filter" }).click();
    await page.getByRole("combobox", { name: "Values" }).click();
    await expectAccessible(page, width);
  });
});
