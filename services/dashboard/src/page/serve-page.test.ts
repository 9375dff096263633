import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createTelemetry, silentLogger, startServer } from "@millrace/runtime";
import { describe, expect, it, onTestFinished } from "vitest";
import { compressFiles } from "./compressed-files.ts";
import { readPageFiles } from "./page-files.ts";
import { createServePage, type PageState } from "./serve-page.ts";

const SCRIPT = "export const answer = 42;\n".repeat(100);

/** A build of a small page. */
async function buildOf(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-page-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "assets"));
  writeFileSync(join(directory, "index.html"), "<!doctype html><title>Page</title>");
  writeFileSync(join(directory, "assets/index-abc.js"), SCRIPT);
  writeFileSync(join(directory, "notes.unknown"), "x");
  await compressFiles(directory);
  return directory;
}

async function serve(state: () => PageState): Promise<string> {
  const telemetry = await createTelemetry({ service: "test", version: "0.0.0" });
  const server = await startServer({
    service: "test",
    version: "0.0.0",
    host: "127.0.0.1",
    port: 0,
    adminPort: 0,
    routes: () => {},
    findHandler: createServePage(state),
    authenticate: () => Promise.reject(new Error("nobody calls")),
    log: silentLogger(),
    telemetry,
  });
  onTestFinished(async () => {
    await server.close();
    await telemetry.shutdown();
  });
  return server.url;
}

async function serveBuild(): Promise<string> {
  const files = await readPageFiles(await buildOf());
  return serve(() => ({ kind: "ready", files }));
}

/** The bytes as they are sent: fetch would decompress them. */
async function getRaw(url: string, encoding: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ encoding: string | undefined; body: Buffer }>();
  const sent = request(url, { headers: { "accept-encoding": encoding } }, (answer) => {
    answer.setEncoding("latin1");
    text(answer).then(
      (body) => resolve({ encoding: answer.headers["content-encoding"], body: Buffer.from(body, "latin1") }),
      reject,
    );
  });
  sent.on("error", reject).end();
  return promise;
}

describe("the page", () => {
  it("is at its two paths, asked for anew each time, and known by its tag", async () => {
    const url = await serveBuild();
    for (const path of ["/", "/explore"]) {
      const answer = await fetch(url + path);
      expect(await answer.text()).toContain("<title>Page</title>");
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      const again = await fetch(url + path, { headers: { "if-none-match": answer.headers.get("etag")! } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
  });

  it("has files that are kept for good, since their names change with them", async () => {
    const url = await serveBuild();
    const answer = await fetch(`${url}/assets/index-abc.js`);
    expect(await answer.text()).toBe(SCRIPT);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  it("is sent compressed, as the browser likes it best", async () => {
    const url = `${await serveBuild()}/assets/index-abc.js`;
    const brotli = await getRaw(url, "gzip, deflate, br, zstd");
    expect([brotli.encoding, brotliDecompressSync(brotli.body).toString()]).toEqual(["br", SCRIPT]);
    const gzipped = await getRaw(url, "gzip, br;q=0");
    expect([gzipped.encoding, gunzipSync(gzipped.body).toString()]).toEqual(["gzip", SCRIPT]);
    const plain = await getRaw(url, "identity");
    expect([plain.encoding, plain.body.toString()]).toEqual([undefined, SCRIPT]);
  });

  it("answers HEAD with the headers alone, and no other method", async () => {
    const url = await serveBuild();
    const head = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "identity" } });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "34", ""]);
    const post = await fetch(url, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("shows no file that is not its own", async () => {
    const url = await serveBuild();
    for (const path of [
      "/notes.unknown",
      "/assets/index-abc.js.gz",
      "/assets/../../secret",
      "/assets/%2e%2e/x",
      "/assets/",
    ])
      expect((await fetch(url + path)).status).toBe(404);
  });

  it("runs no script and no style but its files, and is in nobody's frame", async () => {
    const { headers } = await fetch(await serveBuild());
    const policy = headers.get("content-security-policy")!;
    expect(policy).not.toMatch(/unsafe|\*|http/);
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy.split("; ")).toContain(part);
    }
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("strict-transport-security")).toBeNull();
  });
});

describe("a page that is not there", () => {
  it("shows by itself once it is built", async () => {
    const files = await readPageFiles(await buildOf());
    let state: PageState = { kind: "building" };
    const url = await serve(() => state);
    const early = await fetch(url);
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await early.text()).toContain('<script src="/reload.js" defer>');
    expect(await (await fetch(`${url}/reload.js`)).text()).toContain("location.reload()");
    state = { kind: "ready", files };
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(`${url}/reload.js`)).status).toBe(404);
  });

  it("says why, as text", async () => {
    const url = await serve(() => ({ kind: "missing", problem: "it <broke> & fell" }));
    const answer = await fetch(`${url}/explore`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("it &lt;broke> &amp; fell");
  });
});
