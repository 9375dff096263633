import { setTimeout as delay } from "node:timers/promises";
import { type Millrace as Client, createMillrace } from "@millrace/client";
import { openBrowser } from "@millrace/harness/browser";
import { launchMillrace, type Millrace } from "@millrace/harness/process";
import { until } from "@millrace/harness/until";
import type { Bench, Figure } from "./bench.ts";
import { median } from "./median.ts";
import { measureChart } from "./page-chart.ts";
import {
  type Browser,
  goTo,
  type Inspector,
  loginLink,
  type Seen,
  untilShown,
  type Visit,
  visit,
} from "./page-visit.ts";
import { workDuring } from "./page-work.ts";
import { randomFrom } from "./web-events.ts";
import { PROJECT, untilStored } from "./whole-server.ts";

const LOADS = 5;
const PAINT_MS_MAX = 1_000;
const SCRIPT_KILOBYTES_MAX = 250;

const HISTORY_EVENTS = 20_000;
/** Within the late window of a project. */
const HISTORY_MS = 47 * 3_600_000;

const LIVE_MS = 10_000;
const LIVE_EVENTS_PER_SECOND = 100;
const LIVE_EVERY_MS = 50;

export const bench: Bench = {
  about: "the page in Chromium: loading it, watching 100 events a second, pointing at 10,000 points",
  async run() {
    const [millrace, browser] = await Promise.all([launchMillrace(), openBrowser()]);
    const client = createMillrace({ url: millrace.url, key: millrace.keys.projectKeys[PROJECT]! });
    try {
      await until("the page is built", async () => (await fetch(millrace.url)).ok, { withinMs: 60_000 });
      await sendHistory(client);
      await untilStored(millrace, HISTORY_EVENTS, ["1m"]);
      const loads = await measureLoads(browser, millrace);
      const last = await visit(browser);
      await goTo(last.page, await loginLink(millrace));
      const live = await measureLive(last, client);
      const chart = await measureChart(last, millrace.url);
      return [...loads, ...live, ...chart];
    } finally {
      await client.close();
      await browser.close();
      await millrace.dispose();
    }
  },
};

/** Loads the page again and again: with nothing in the browser's cache, and each time once more with all of it. */
async function measureLoads(browser: Browser, millrace: Millrace): Promise<readonly Figure[]> {
  const cold: Seen[] = [];
  const warm: Seen[] = [];
  let scripts: ScriptBytes = { kilobytes: Number.NaN, urls: [] };
  for (let i = 0; i < LOADS; i++) {
    const { page, inspector, close } = await visit(browser);
    const counting = await countScripts(inspector);
    cold.push(await goTo(page, await loginLink(millrace)));
    scripts = counting();
    warm.push(await goTo(page, millrace.url));
    await close();
  }
  const middle = (seen: readonly Seen[], key: keyof Seen): number => median(seen.map((one) => one[key]));
  return [
    {
      what: "first paint of a first visit",
      value: middle(cold, "painted"),
      unit: "ms",
      goal: { atMost: PAINT_MS_MAX },
    },
    { what: "numbers and chart shown", value: middle(cold, "shown"), unit: "ms" },
    { what: "tasks of more than 50 ms until then", value: middle(cold, "longTasks"), unit: "ms" },
    { what: "first paint of another visit", value: middle(warm, "painted"), unit: "ms" },
    { what: "numbers and chart shown again", value: middle(warm, "shown"), unit: "ms" },
    { what: "scripts, as Chromium loads them", value: scripts.kilobytes, unit: "kB" },
    {
      what: "scripts, with gzip",
      value: await gzippedKilobytes(scripts.urls),
      unit: "kB",
      goal: { atMost: SCRIPT_KILOBYTES_MAX },
    },
  ];
}

type ScriptBytes = { readonly kilobytes: number; readonly urls: readonly string[] };

/** Counts what scripts take on the wire from now on, headers included. */
async function countScripts(inspector: Inspector): Promise<() => ScriptBytes> {
  const urls = new Map<string, string>();
  let bytes = 0;
  inspector.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (type === "Script") urls.set(requestId, response.url);
  });
  inspector.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (urls.has(requestId)) bytes += encodedDataLength;
  });
  await inspector.send("Network.enable");
  return () => ({ kilobytes: bytes / 1_000, urls: [...urls.values()] });
}

async function gzippedKilobytes(urls: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const url of urls) {
    const { headers } = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
    bytes += Number(headers.get("content-length"));
  }
  return bytes / 1_000;
}

/** What the page does while events come: how often it is told of them, and what each time costs its main thread. */
async function measureLive({ page, inspector }: Visit, client: Client): Promise<readonly Figure[]> {
  const watches = new Set<string>();
  let updates = 0;
  let questions = 0;
  inspector.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.url.endsWith("/Watch")) watches.add(requestId);
    if (request.url.endsWith("/Query")) questions++;
  });
  inspector.on("Network.dataReceived", ({ requestId }) => {
    if (watches.has(requestId)) updates++;
  });
  await inspector.send("Network.enable");
  // A watch that was open before is not known by its id.
  await page.reload();
  await untilShown(page);
  await sendLive(client, 1_000);
  updates = 0;
  questions = 0;
  const work = await workDuring(inspector, () => sendLive(client, LIVE_MS));
  await inspector.send("Network.disable");
  if (updates === 0) throw new Error("the page was told of no event");
  return [
    { what: "updates a second, at 100 events/s", value: updates / (LIVE_MS / 1_000), unit: "" },
    { what: "questions asked again a second", value: questions / (LIVE_MS / 1_000), unit: "" },
    { what: "main thread for an update", value: work.tasks / updates, unit: "CPU ms" },
    { what: "of that, scripts", value: work.scripts / updates, unit: "CPU ms" },
    { what: "of that, styles and layout", value: work.layout / updates, unit: "CPU ms" },
    { what: "main thread, of a core", value: (work.tasks / LIVE_MS) * 100, unit: "%" },
  ];
}

async function sendHistory(client: Client): Promise<void> {
  const random = randomFrom(3);
  const now = Date.now();
  for (let i = 0; i < HISTORY_EVENTS; i++) trackView(client, random, now - random() * HISTORY_MS);
  const { pending } = await client.flush();
  if (pending > 0) throw new Error(`${pending} events could not be sent`);
}

/** Sends so many events a second, for some time. */
async function sendLive(client: Client, forMs: number): Promise<void> {
  const random = randomFrom(5);
  const began = performance.now();
  for (let sent = 0; performance.now() - began < forMs; await delay(LIVE_EVERY_MS)) {
    const due = ((performance.now() - began) * LIVE_EVENTS_PER_SECOND) / 1_000;
    for (; sent < due; sent++) trackView(client, random, Date.now());
  }
}

function trackView(client: Client, random: () => number, time: number): void {
  const visitor = Math.floor(random() * 500);
  const url = `https://shop.example/products/${Math.floor(random() ** 2 * 40)}`;
  const referrer = visitor % 3 === 0 ? "https://www.google.com/" : "";
  client.track(
    "page_view",
    { url, referrer, country: visitor % 2 === 0 ? "DE" : "FR" },
    { userId: `visitor-${visitor}`, sessionId: `visit-${visitor}`, time },
  );
}
