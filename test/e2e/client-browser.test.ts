/**
 * The SDK in a web page of another origin, in a real Chromium: what is tracked is counted, also what is tracked at the very
 * moment at which the page is left.
 */
import { join } from "node:path";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { CHECKOUT, startMillrace, until } from "@millrace/harness";
import { openBrowser } from "@millrace/harness/browser";
import { countedTicks, createTicks } from "@millrace/harness/load";
import { build } from "vite";
import { expect, it, onTestFinished } from "vitest";
import { serveSite } from "./web-site.ts";

const PROJECT = "ticks";

/** The client as one script, as a bundler makes it of a web page's code. */
async function bundleClient(): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: "silent",
    publicDir: false,
    build: {
      write: false,
      lib: { entry: join(CHECKOUT, "packages/client/src/browser.ts"), formats: ["iife"], name: "client" },
    },
  });
  const [built] = [output].flat();
  if (built === undefined || !("output" in built)) throw new Error("vite gave no output");
  return built.output[0].code;
}

it("counts what a page tracks, and what it tracks while it is left", async () => {
  const [millrace, browser, script] = await Promise.all([startMillrace(), openBrowser(), bundleClient()]);
  onTestFinished(() => browser.close());
  await createTicks(millrace, PROJECT);
  const origin = await serveSite(() => `<script>${script.replaceAll("</script", "<\\/script")}</script>`, {
    "/": "",
    "/next": "",
  });
  const granted = { projectId: PROJECT, displayName: "page", scopes: [Scope.INGEST], allowedOrigins: [origin] };
  const { text: key } = await millrace.client(ApiKeyService).createApiKey({ apiKey: granted });
  const page = await browser.newPage();
  await page.goto(origin);
  const setUp = `
    globalThis.issues = [];
    globalThis.millrace = client.createMillrace({ url: ${JSON.stringify(millrace.url)}, key: ${JSON.stringify(key)},
      onIssue: (issue) => issues.push(issue) });
    for (let i = 0; i < 2000; i++) millrace.track("tick", { producer: "page", amount: i }, { anonymousId: "visitor" });`;
  await page.evaluate(setUp);
  expect(await page.evaluate("millrace.flush()")).toEqual({ pending: 0 });
  expect(await page.evaluate("[millrace.stats().accepted, issues]")).toEqual([2000, []]);
  await page.evaluate(`addEventListener("pagehide", () => millrace.track("tick", { producer: "leaving", amount: 1 }));
    millrace.track("tick", { producer: "leaving", amount: 1 });`);
  await page.goto(`${origin}/next`);
  await until("everything is counted", async () => {
    const counted = await countedTicks(millrace, PROJECT);
    return counted.get("page")?.count === 2000 && counted.get("leaving")?.count === 2;
  });
});
