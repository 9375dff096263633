/**
 * The tools of the command line against a real server: a file that is interrupted and resumed, a demo, what the doctor finds,
 * servers by name. Each exit code that is documented happens here.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { CHECKOUT, Child, environment, launchMillrace, type Millrace, startMillrace, until } from "@millrace/harness";
import { createKey } from "@millrace/harness/load";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

const BIN = join(CHECKOUT, "packages/cli/bin/millrace.js");
const ROWS = 30_000;

/** The server of those cases that leave it well, and count in projects of their own. */
let shared: Millrace;

beforeAll(async () => {
  shared = await launchMillrace();
});
afterAll(() => shared?.dispose());

function settings(millrace: Millrace, more: Readonly<Record<string, string>> = {}) {
  const { dataDirectory } = millrace;
  return environment({ MILLRACE_DATA_DIR: dataDirectory, XDG_CONFIG_HOME: join(dataDirectory, "config"), ...more });
}

/** A command that is left running. */
function begin(millrace: Millrace, ...args: string[]): Child {
  const child = new Child(BIN, args, { cwd: millrace.dataDirectory, env: settings(millrace) });
  onTestFinished(() => child.kill("SIGKILL"));
  return child;
}

function writeRows(millrace: Millrace, count: number): string {
  const path = join(millrace.dataDirectory, "rows.ndjson");
  const at = new Date(Date.now() - 60_000).toISOString();
  const row = (n: number) =>
    JSON.stringify({ name: "page_view", time: at, user_id: `u${n % 99}`, url: `/${n % 7}`, n });
  writeFileSync(path, Array.from({ length: count }, (_, n) => `${row(n)}\n`).join(""));
  return path;
}

/** Waits until the sending of a file has noted how far it is. */
function untilNoted(millrace: Millrace): Promise<unknown> {
  const folder = join(millrace.dataDirectory, "sends");
  const noted = () => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json"));
  return until("how far the file was sent is noted", async () => noted(), { everyMs: 5 });
}

async function ok(millrace: Millrace, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await millrace.cli(...args);
  expect(exitCode, `millrace ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe("a file that is being sent", () => {
  it("goes on where kill -9 ended it, and every row counts once", async () => {
    const millrace = await startMillrace();
    const file = writeRows(millrace, ROWS);
    const first = begin(millrace, "send", "--file", file);
    await untilNoted(millrace);
    first.kill("SIGKILL");
    await first.exit;

    const resumed = JSON.parse(await ok(millrace, "send", "--file", file, "--resume", "--wait", "--output", "json"));
    expect(resumed.resumed).toBeGreaterThanOrEqual(1_000);
    expect(resumed.resumed + resumed.read).toBe(ROWS);
    expect(resumed.balance).toMatchObject({ foldedCount: String(ROWS) });
    expect(readdirSync(join(millrace.dataDirectory, "sends"))).toEqual([]);
  });

  it("arrives as far as it was on its way when it is interrupted, and says so", async () => {
    const millrace = await startMillrace();
    const file = writeRows(millrace, ROWS);
    const sending = begin(millrace, "send", "--file", file, "--output", "json");
    await untilNoted(millrace);
    sending.kill("SIGINT");
    expect(await sending.exit).toMatchObject({ code: 130 });
    const summary = JSON.parse(sending.stdout);
    expect(summary.ending).toBe("interrupted");
    expect(summary.accepted).toBeGreaterThan(0);
    await millrace.untilCounted("demo", summary.accepted);

    const again = await millrace.cli("send", "--file", file, "--wait", "--output", "json");
    expect(again.stderr).toMatch(/Of this file [\d,]+ records \(\d+ %\) were sent until .*; --resume goes on there/);
    expect(JSON.parse(again.stdout)).toMatchObject({ resumed: 0, read: ROWS, balance: { foldedCount: String(ROWS) } });
  });

  it("goes on when the server had gone for too long", async () => {
    const millrace = await startMillrace();
    const file = writeRows(millrace, ROWS);
    const sending = begin(millrace, "send", "--file", file, "--give-up-after", "1s");
    await untilNoted(millrace);
    await millrace.kill9();
    expect(await sending.exit).toMatchObject({ code: 3 });
    expect(sending.stdout).toContain("--resume goes on from here");
    await millrace.restart();
    const resumed = JSON.parse(await ok(millrace, "send", "--file", file, "--resume", "--wait", "--output", "json"));
    expect(resumed.resumed + resumed.read).toBe(ROWS);
    expect((await millrace.untilCounted("demo", ROWS)).foldedCount).toBe(BigInt(ROWS));
  });

  it("is sent line by line where it comes slowly", async () => {
    const millrace = await startMillrace();
    const args = [BIN, "send", "--file", "-", "--format", "ndjson"];
    const child: ChildProcess = spawn(process.execPath, args, { env: settings(millrace) as NodeJS.ProcessEnv });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exit = new Promise((resolve) => child.once("exit", resolve));
    child.stdin!.write('{"name":"page_view","url":"/slow"}\n');
    await millrace.untilCounted("demo", 1);
    child.stdin!.write('{"name":"page_view","url":"/slower"}\n');
    await millrace.untilCounted("demo", 2);
    child.kill("SIGINT");
    expect(await exit).toBe(130);
  });
});

describe("a demo", () => {
  it("sends exactly what it says, and all of it counts", async () => {
    const millrace = await startMillrace();
    const played = JSON.parse(await ok(millrace, "demo", "--duration", "3s", "--rate", "60", "--output", "json"));
    expect(played).toMatchObject({ project: "demo", duplicate: 0, rejected: {}, unsent: 0 });
    expect(played.accepted).toBe(played.live.events);
    expect(played.accepted).toBeGreaterThan(20);
    const balance = await millrace.untilCounted("demo", played.accepted);
    expect(balance).toMatchObject({ foldedCount: BigInt(played.accepted), duplicateCount: 0n, lateCount: 0n });
  });

  it("fills in the past, which counts once however often that is done", async () => {
    const millrace = shared;
    const backfill = [
      "demo",
      "--project",
      "site",
      "--backfill",
      "3d",
      "--rate",
      "0.2",
      "--duration",
      "0s",
      "--output",
      "json",
    ];
    const first = JSON.parse(await ok(millrace, ...backfill));
    expect(first.accepted).toBe(first.backfill.events);
    await millrace.untilCounted("site", first.accepted);
    const query = ["query", "page_views", "signups", "orders", "--every", "1h", "--project", "site", "--output", "csv"];
    const hours = async () => (await ok(millrace, ...query, "--last", "72h")).split("\n").slice(2, 60);
    const before = await hours();
    expect(before.filter((line) => / *,[1-9]/.test(line)).length).toBeGreaterThan(50);

    const second = JSON.parse(await ok(millrace, ...backfill));
    const balance = await millrace.untilCounted("site", first.accepted + second.accepted);
    expect(balance.lateCount).toBe(0n);
    expect(Number(balance.foldedCount)).toBeLessThan(first.accepted * 1.05);
    expect(await hours()).toEqual(before);
  });

  it("ends at Ctrl-C with what it had sent", async () => {
    const millrace = await startMillrace();
    const playing = begin(millrace, "demo", "--rate", "100");
    await until("something was counted", async () => ((await millrace.status("demo")).balance?.foldedCount ?? 0n) > 0n);
    playing.kill("SIGINT");
    expect(await playing.exit).toMatchObject({ code: 130 });
    const sent = Number(/sent ([\d,]+) event/.exec(playing.stdout)?.[1]?.replaceAll(",", ""));
    expect((await millrace.untilCounted("demo", sent)).foldedCount).toBe(BigInt(sent));
  });
});

describe("the doctor", () => {
  it("finds nothing wrong with a healthy server", async () => {
    const millrace = shared;
    const report = JSON.parse(await ok(millrace, "doctor", "--output", "json"));
    expect(report).toMatchObject({ problems: 0 });
    const names = report.checks.map(({ name }: { name: string }) => name);
    for (const name of ["node", "address", "protocols", "data", "clock", "key", "version", "counting"]) {
      expect(names).toContain(name);
    }
    expect(await ok(millrace, "doctor")).toContain("good for ingest, report, of the project demo");
  });

  it("names a server that is gone, a wrong port, and keys that are not good", async () => {
    const millrace = await startMillrace();
    async function problems(...args: string[]): Promise<string> {
      const { stdout, exitCode } = await millrace.cli("doctor", ...args, "--output", "json");
      expect(exitCode).toBe(1);
      const { checks } = JSON.parse(stdout) as {
        checks: { level: string; name: string; text: string; advice?: string }[];
      };
      const bad = checks.filter(({ level }) => level === "problem");
      for (const { advice } of bad) expect(advice).toBeTruthy();
      return bad.map(({ name, text }) => `${name}: ${text}`).join("\n");
    }
    expect(await problems("--url", millrace.adminUrl)).toContain("this is Millrace's admin port");
    const revoked = await createKey(millrace, "demo", [Scope.INGEST]);
    await millrace.client(ApiKeyService).revokeApiKey({ keyId: revoked.split("_")[2]! });
    const isRefused = async () => (await millrace.cli("doctor", "--key", revoked)).stdout.includes("it was revoked");
    await until("the key is refused", isRefused);
    expect(await problems("--key", revoked)).toMatch(/^key: --key \(\w+\): it was revoked$/);
    const other = await startMillrace();
    expect(await problems("--key", other.keys.adminKey)).toMatch(/^key: .*the server does not know it$/);
    expect(await problems("--key", other.keys.adminKey.slice(0, -1))).toMatch(/^key: .*malformed/);
    await millrace.kill9();
    expect(await problems()).toMatch(/^address: .*nothing listens at port/);
  });
});

describe("the self-test", () => {
  it("finds that every event which was sent twice counted once", async () => {
    const millrace = shared;
    const proof = JSON.parse(await ok(millrace, "selftest", "--events", "250", "--output", "json"));
    expect(proof).toMatchObject({ events: 250, sent: 503, differences: [] });
    expect(await ok(millrace, "selftest", "--events", "7")).toContain("Exact: 7 events were counted once each");
  });

  it("fails when it has no key that may manage the account, and when its time is over", async () => {
    const millrace = shared;
    await ok(millrace, "project", "create", "shop");
    const key = await createKey(millrace, "shop", [Scope.INGEST]);
    expect(await millrace.cli("selftest", "--key", key)).toMatchObject({ exitCode: 2 });
    const late = await millrace.cli("selftest", "--timeout", "0");
    expect(late).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("in time") });
  });
});

describe("servers by name", () => {
  it("are used by their name from anywhere, and their keys are masked and private", async () => {
    const millrace = await startMillrace();
    const env = settings(millrace, { MILLRACE_DATA_DIR: join(millrace.dataDirectory, "nowhere") }) as NodeJS.ProcessEnv;
    const key = millrace.keys.projectKeys["demo"]!;
    function run(args: readonly string[], input = ""): Promise<{ code: number | null; text: string }> {
      return new Promise((resolve) => {
        const child = spawn(process.execPath, [BIN, ...args], { env });
        let text = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
        child.once("close", (code) => resolve({ code, text }));
        child.stdin.end(input);
      });
    }
    expect(await run(["send", "page_view"])).toMatchObject({ code: 2 });
    const added = await run(["context", "add", "here", "--url", `${millrace.url}/`], `${key}\n`);
    expect(added.code).toBe(0);
    const file = join(millrace.dataDirectory, "config/millrace/contexts.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toContain(key);
    for (const args of [
      ["context", "list"],
      ["context", "show"],
      ["context", "show", "here", "--output", "json"],
    ]) {
      const shown = await run(args);
      expect(shown).toMatchObject({ code: 0 });
      expect(shown.text).toContain("_***");
      expect(shown.text).not.toContain(key);
    }
    expect(await run(["send", "page_view", "--prop", "url=/by-name"])).toMatchObject({ code: 0 });
    await millrace.untilCounted("demo", 1);
    await run(["context", "add", "elsewhere", "--url", "https://millrace.invalid", "--no-key"]);
    expect(await run(["context", "use", "elsewhere"])).toMatchObject({ code: 0 });
    const byAccident = await run(["demo", "--duration", "1s"]);
    expect(byAccident).toMatchObject({ code: 2 });
    expect(byAccident.text).toContain("say it with --url or --context");
    expect(await run(["context", "remove", "elsewhere"])).toMatchObject({ code: 0 });
    const unknown = await run(["status", "--context", "hree"]);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.text).toContain('did you mean "here"?');
    expect(await run(["context", "remove", "here"])).toMatchObject({ code: 0 });
    expect(await run(["send", "page_view"])).toMatchObject({ code: 2 });
  });
});

describe("exit codes", () => {
  it("tell done from failed, wrong usage, refused and away", async () => {
    const millrace = await startMillrace();
    const code = async (...args: string[]) => (await millrace.cli(...args)).exitCode;
    const empty = join(millrace.dataDirectory, "wrong.ndjson");
    writeFileSync(empty, "nonsense\n");
    expect(await code("status")).toBe(0);
    expect(await code("send", "--file", empty)).toBe(1);
    expect(await code("status", "--nonsense")).toBe(2);
    expect(await code("query", "nonsense")).toBe(2);
    expect(await code("status", "--key", "nonsense")).toBe(2);
    await millrace.kill9();
    expect(await code("doctor")).toBe(1);
    expect(await code("status")).toBe(3);
    // 130 is what the interrupted commands above end with.
  });
});
