import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { examine, nodeCheck } from "./examine.ts";

/** A server that says it is well at a time of its own, as behind a proxy that speaks HTTP/1.1 only. */
async function fakeServer(nowMs: number, body = '{"status":"SERVING"}'): Promise<string> {
  const server: Server = createServer((_, response) => {
    response.setHeader("date", new Date(nowMs).toUTCString());
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function examined(url: string | undefined, environment: Readonly<Record<string, string>> = {}) {
  const home = mkdtempSync(join(tmpdir(), "millrace-examine-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const settings = { HOME: home, MILLRACE_DATA_DIR: join(home, "data"), MILLRACE_ADMIN_PORT: "0", ...environment };
  const options = url === undefined ? {} : { url };
  const checks: Record<string, { level: string; text: string; advice?: string }> = {};
  for await (const check of examine({ options, environment: settings, version: "1.0.0" })) checks[check.name] = check;
  return checks;
}

describe("an examination", () => {
  it("finds a clock that is wrong by hours, and a proxy without HTTP/2", async () => {
    const checks = await examined(await fakeServer(Date.now() - 2 * 3_600_000));
    expect(checks["clock"]).toMatchObject({ level: "problem", text: expect.stringContaining("2 h 0 min ahead") });
    expect(checks["protocols"]).toMatchObject({ level: "problem", text: expect.stringMatching(/HTTP\/2 .* does not/) });
    expect(checks["key"]).toMatchObject({ level: "problem", text: "no key is known for this server" });
  });

  it("tells something else at the address, and who holds the port", async () => {
    const checks = await examined(await fakeServer(Date.now(), "hello"));
    expect(checks["address"]?.text).toMatch(/something else answers there \(HTTP 200\)/);
    expect(checks["port"]?.text).toContain(`(${process.pid})`);
  });

  it("tells a name that nobody knows, and an address where nobody listens", async () => {
    expect((await examined("http://nobody..invalid"))["address"]?.text).toMatch(
      /the name nobody..invalid is not known/,
    );
    const nobody = await examined("http://127.0.0.1:1");
    expect(nobody["address"]).toMatchObject({ level: "problem", text: expect.stringContaining("nothing listens") });
  });

  it("goes as far as it can when the settings can't be read", async () => {
    const home = mkdtempSync(join(tmpdir(), "millrace-examine-"));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    writeFileSync(join(home, "credentials.json"), "nonsense", { mode: 0o600 });
    const checks = await examined(undefined, { MILLRACE_DATA_DIR: home });
    expect(checks["settings"]).toMatchObject({ level: "problem" });
    expect(checks["data"]).toMatchObject({ level: "ok" });
  });

  it("wants a Node that runs Millrace", () => {
    expect(nodeCheck("24.1.0").level).toBe("ok");
    expect(nodeCheck("22.9.0").level).toBe("problem");
  });
});
