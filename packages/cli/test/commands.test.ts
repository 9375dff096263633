import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "./server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
}, 30_000);
afterAll(() => server.close());

async function ok(args: readonly string[], input?: string): Promise<string> {
  const { stdout, stderr, code } = await server.run(args, input);
  expect(code, `millrace ${args.join(" ")}\n${stderr}`).toBe(0);
  return stdout;
}

const SHOP = [
  "--map",
  "name='order'",
  "--map",
  "time=When",
  "--map",
  "revenue=Quantity*Price",
  "--map",
  "country=Country",
];
const ROWS = [
  "Quantity,Price,When,Country",
  "2,1.15,2011-03-01T10:00:00,DE",
  "-1,0.3,2011-03-02,AT",
  "3,0.1,2011-04-01,DE",
];

describe("the command line", () => {
  it("sends an event, and gives its count within a second or so", async () => {
    expect(await ok(["send", "page_view", "--user", "ada", "--prop", "url=https://example.org/a?b"])).toMatch(
      /^accepted /,
    );
    await expect
      .poll(async () => JSON.parse(await ok(["query", "page_views", "--by", "page", "--last", "1h", "--json"])).rows, {
        timeout: 10_000,
      })
      .toEqual([{ page: "/a", page_views: 1 }]);
    const table = await ok(["query", "page_views", "--by", "page", "--last", "1h"]);
    expect(table).toMatch(/^page +page_views\n\/a +1 +\*\n/);
    expect(table).toMatch(/\nas of \d{4}-/);
  });

  it("creates a project with a key that only its owner can read, and imports a file into it once", async () => {
    const created = await ok(["project", "create", "shop", "--template", "shop"]);
    const file = join(server.directory, "credentials.json");
    const { projectKeys } = JSON.parse(readFileSync(file, "utf8"));
    expect(created).toContain(projectKeys.shop);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const csv = join(server.directory, "orders.csv.gz");
    writeFileSync(csv, gzipSync(`${ROWS.join("\n")}\n`));
    const send = [
      "send",
      "--project",
      "shop",
      "--file",
      csv,
      "--import",
      "--wait",
      "--json",
      ...SHOP,
      "--format",
      "csv",
    ];
    expect(JSON.parse(await ok(send))).toMatchObject({
      read: 3,
      accepted: 3,
      rejected: 0,
      balance: { foldedCount: "3" },
    });
    expect(JSON.parse(await ok(send))).toMatchObject({ read: 3, balance: { foldedCount: "3" } });

    const query = ["query", "revenue", "--project", "shop", "--from", "2011-03-01", "--to", "2011-05-01"];
    expect(await ok([...query, "--every", "month", "--csv"])).toBe(
      "time,revenue\n2011-03-01T00:00:00Z,2\n2011-04-01T00:00:00Z,0.3\n",
    );
    expect(await ok([...query, "--by", "country", "--where", "country=DE|FR", "--csv"])).toBe(
      "country,revenue\nDE,2.6\n",
    );
  }, 60_000);

  it("reads standard input, counts what it rejects, and fails only where that is asked", async () => {
    const input = `{"name":"page_view","page":"/in"}\nnonsense\n{"page":"/x"}\n`;
    const args = ["send", "--project", "demo", "--file", "-", "--format", "ndjson"];
    const lenient = await server.run(args, input);
    expect(lenient).toMatchObject({ code: 0 });
    expect(lenient.stdout).toMatch(/read +3 rows\n +accepted +1\n/);
    expect(lenient.stdout).toContain("line 2: the line is not JSON (UNREADABLE)");
    const strict = await server.run([...args, "--strict"], input);
    expect(strict).toMatchObject({ code: 1 });
    expect(strict.stdout).toMatch(/duplicate +1 /);
  });

  it("manages metrics, rollups and keys", async () => {
    await ok(["metric", "create", "signups", "--aggregation", "count", "--where", "name=signup", "--project", "demo"]);
    await ok(["rollup", "create", "signups_by_plan", "--metrics", "signups", "--by", "plan", "--project", "demo"]);
    expect(await ok(["metric", "list", "--project", "demo"])).toMatch(/signups +count +name=signup/);
    expect(await ok(["rollup", "get", "signups_by_plan", "--project", "demo"])).toMatch(/by +plan/);
    const key = JSON.parse(await ok(["key", "create", "--project", "demo", "--scope", "ingest", "--json"]));
    expect(await ok(["send", "signup", "--prop", "plan=pro", "--key", key.text])).toMatch(/^accepted/);
    await ok(["key", "revoke", key.apiKey.keyId]);
    expect(JSON.parse(await ok(["key", "get", key.apiKey.keyId, "--json"])).revokeTime).toBeDefined();
  });

  it("shows where every event is", async () => {
    const status = JSON.parse(await ok(["status", "--json"]));
    expect(Number(status.balance.acceptedCount)).toBeGreaterThan(0);
    expect(await ok(["status"])).toMatch(/accepted +\d+\n +counted/);
  });

  it("says what is wrong, and tells it by the exit code", async () => {
    const unknown = await server.run(["query", "page_view", "--project", "demo"]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/did you mean "page_views"/);
    expect(await server.run(["query"])).toMatchObject({ code: 2 });
    const away = await server.run(["query", "x", "--url", "http://127.0.0.1:1", "--key", "k"]);
    expect(away).toMatchObject({ code: 3 });
    expect(away.stderr).toMatch(/can not be reached[\s\S]*npm start/);
    const elsewhere = await server.run(["query", "x", "--url", "http://127.0.0.1:1", "--project", "demo"]);
    expect(elsewhere.stderr).toMatch(/no API key for this is known/);
  });
});
