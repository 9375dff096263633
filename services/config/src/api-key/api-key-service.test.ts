import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { parseApiKey } from "@millrace/credential";
import { describe, expect, it } from "vitest";
import { failing, openConfig, START_MS } from "../test-config.ts";

async function withProjects() {
  const config = await openConfig();
  for (const projectId of ["a", "b"]) await config.projects.createProject({ project: { projectId } });
  return config;
}

const INGEST = { projectId: "a", scopes: [Scope.INGEST], displayName: "web server" };

describe("creating a key", () => {
  it("shows its text once, and stores only a hash", async () => {
    const { keys, app, records } = await withProjects();
    const { apiKey, text } = await keys.createApiKey({ apiKey: INGEST });
    expect(parseApiKey(text).keyId).toBe(apiKey!.keyId);
    expect(apiKey).toMatchObject({ projectId: "a", displayName: "web server", scopes: [Scope.INGEST] });
    expect(timestampMs(apiKey!.createTime!)).toBe(START_MS);
    expect((await keys.getApiKey({ keyId: apiKey!.keyId })).apiKey).toEqual(apiKey);
    const stored = await records.get("api_key", apiKey!.keyId);
    expect(Buffer.from(stored!.value).includes(parseApiKey(text).secret)).toBe(false);
    const holder = await app.authenticate(text);
    expect(holder).toEqual({
      keyId: apiKey!.keyId,
      projectId: "a",
      scopes: new Set([Scope.INGEST]),
      allowedOrigins: [],
    });
  });

  it("without a project makes a key of the account, with a key of the account", async () => {
    const { keys, app } = await withProjects();
    const { text } = await keys.createApiKey({ apiKey: { scopes: [Scope.ADMIN, Scope.REPORT] } });
    expect((await app.authenticate(text)).projectId).toBeUndefined();
  });

  it("with a project's key makes keys of that project only", async () => {
    const { as } = await withProjects();
    const own = as("a").keys;
    expect((await own.createApiKey({ apiKey: { scopes: [Scope.ADMIN] } })).apiKey!.projectId).toBe("a");
    const failure = await failing(own.createApiKey({ apiKey: { ...INGEST, projectId: "b" } }));
    expect(failure).toMatchObject({ code: "NotFound", reason: "PROJECT_NOT_FOUND" });
  });

  it("for a project that does not exist fails", async () => {
    const { keys } = await withProjects();
    const failure = await failing(keys.createApiKey({ apiKey: { ...INGEST, projectId: "none" } }));
    expect(failure).toMatchObject({ code: "NotFound", reason: "PROJECT_NOT_FOUND" });
  });

  it.each([[[]], [[Scope.PUBLIC]], [[Scope.SERVICE]], [[Scope.INGEST, Scope.INGEST]]])(
    "refuses the scopes %j",
    async (scopes) => {
      const { keys } = await withProjects();
      const failure = await failing(keys.createApiKey({ apiKey: { ...INGEST, scopes } }));
      expect(failure).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(failure.message).toContain("scopes");
    },
  );

  it("is refused to a key without ADMIN", async () => {
    const { as } = await withProjects();
    const reader = as("a", [Scope.REPORT, Scope.INGEST, Scope.IMPORT]).keys;
    expect(await failing(reader.createApiKey({ apiKey: INGEST }))).toMatchObject({ reason: "SCOPE_MISSING" });
  });

  it("beyond the limit of a project fails, naming the limit", async () => {
    const { keys, records } = await withProjects();
    const value = new Uint8Array(0);
    for (let i = 0; i < 1_000; i++) {
      await records.put({ collection: "api_key_of_project", id: `a/k${i}`, expectedVersion: 0, value });
    }
    const failure = await failing(keys.createApiKey({ apiKey: INGEST }));
    expect(failure).toMatchObject({ code: "FailedPrecondition", reason: "LIMIT_REACHED" });
    expect(failure.message).toContain("1000 keys");
    await keys.createApiKey({ apiKey: { ...INGEST, projectId: "b" } });
  });
});

describe("a key of web pages", () => {
  const PAGES = { ...INGEST, allowedOrigins: ["https://example.org"] };

  it("keeps its origins as browsers write them, each once, and tells them to whoever checks it", async () => {
    const { keys, snapshot, app } = await withProjects();
    const allowedOrigins = [
      "HTTPS://Example.org/",
      "https://example.org:443",
      "https://*.Example.org",
      "http://localhost:3000",
      "http://example.org:80",
      "https://example.org:8443",
    ];
    const { apiKey, text } = await keys.createApiKey({ apiKey: { ...PAGES, allowedOrigins } });
    const kept = [
      "https://example.org",
      "https://*.example.org",
      "http://localhost:3000",
      "http://example.org",
      "https://example.org:8443",
    ];
    expect(apiKey!.allowedOrigins).toEqual(kept);
    expect((await keys.listApiKeys({ projectId: "a" })).apiKeys[0]!.allowedOrigins).toEqual(kept);
    expect((await snapshot.getCredential({ keyId: apiKey!.keyId })).allowedOrigins).toEqual(kept);
    expect((await app.authenticate(text)).allowedOrigins).toEqual(kept);
  });

  it("may send events of one project, and nothing else", async () => {
    const { keys, as } = await withProjects();
    const cases = [
      [{ ...PAGES, scopes: [Scope.INGEST, Scope.REPORT] }, "api_key.scopes"],
      [{ ...PAGES, scopes: [Scope.IMPORT] }, "api_key.scopes"],
      [{ ...PAGES, projectId: "" }, "api_key.project_id"],
    ] as const;
    for (const [apiKey, field] of cases) {
      const failure = await failing(keys.createApiKey({ apiKey: { ...apiKey, scopes: [...apiKey.scopes] } }));
      expect(failure.code).toBe("InvalidArgument");
      expect(failure.message).toContain(field);
    }
    const own = await as("a").keys.createApiKey({ apiKey: { ...PAGES, projectId: "" } });
    expect(own.apiKey!.projectId).toBe("a");
  });

  it.each([
    "example.org",
    "https://",
    "https://example.org/page",
    "https://*",
    "https://*.",
    "https://*.*.org",
    "https://a.*.org",
    "https://example..org",
    "https://example.org:0",
    "https://example.org:65536",
    "https://user@example.org",
    "ftp://example.org",
    "null",
    "*",
  ])("is not made for %j, which is no origin", async (origin) => {
    const { keys } = await withProjects();
    const failure = await failing(keys.createApiKey({ apiKey: { ...PAGES, allowedOrigins: [origin] } }));
    expect(failure.code).toBe("InvalidArgument");
    expect(failure.message).toContain("allowed_origins[0]");
  });
});

describe("listing keys", () => {
  it("gives them by id, page by page, each once; of one project, or of all", async () => {
    const { keys } = await withProjects();
    const made = { a: [] as string[], b: [] as string[] };
    for (let i = 0; i < 5; i++) {
      for (const projectId of ["a", "b"] as const) {
        made[projectId].push((await keys.createApiKey({ apiKey: { ...INGEST, projectId } })).apiKey!.keyId);
      }
    }
    const list = async (projectId: string) => {
      const seen: string[] = [];
      let pageToken = "";
      do {
        const page = await keys.listApiKeys({ projectId, pageSize: 2, pageToken });
        seen.push(...page.apiKeys.map(({ keyId }) => keyId));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return seen;
    };
    expect(await list("a")).toEqual(made.a.toSorted());
    expect(await list("b")).toEqual(made.b.toSorted());
    expect(await list("")).toEqual([...made.a, ...made.b].toSorted());
  });

  it("passes over an entry whose key was never stored, because of a crash", async () => {
    const { keys, records } = await withProjects();
    const value = new Uint8Array(0);
    await records.put({ collection: "api_key_of_project", id: "a/0", expectedVersion: 0, value });
    const { apiKey } = await keys.createApiKey({ apiKey: INGEST });
    const first = await keys.listApiKeys({ projectId: "a", pageSize: 1 });
    expect(first.apiKeys).toEqual([]);
    const second = await keys.listApiKeys({ projectId: "a", pageSize: 1, pageToken: first.nextPageToken });
    expect(second.apiKeys).toEqual([apiKey]);
  });

  it("with a project's key gives that project's, and none of another", async () => {
    const { keys, as } = await withProjects();
    const { apiKey } = await keys.createApiKey({ apiKey: INGEST });
    await keys.createApiKey({ apiKey: { ...INGEST, projectId: "b" } });
    await keys.createApiKey({ apiKey: { scopes: [Scope.ADMIN] } });
    expect((await as("a").keys.listApiKeys({})).apiKeys).toEqual([apiKey]);
    expect(await failing(as("a").keys.listApiKeys({ projectId: "b" }))).toMatchObject({ code: "NotFound" });
    expect(await failing(keys.listApiKeys({ projectId: "none" }))).toMatchObject({ reason: "PROJECT_NOT_FOUND" });
  });
});

describe("revoking a key", () => {
  it("ends it for ever; again changes nothing", async () => {
    const { keys, app, clock, snapshot } = await withProjects();
    const { apiKey, text } = await keys.createApiKey({ apiKey: INGEST });
    clock.nowMs += 1_000;
    const { keyId } = apiKey!;
    const revoked = await keys.revokeApiKey({ keyId });
    expect(timestampMs(revoked.apiKey!.revokeTime!)).toBe(START_MS + 1_000);
    await expect(app.authenticate(text)).rejects.toMatchObject({ reason: "CREDENTIAL_REVOKED" });
    clock.nowMs += 1_000;
    expect(await keys.revokeApiKey({ keyId })).toEqual(revoked);
    expect((await snapshot.getCredential({ keyId })).revokeTime).toEqual(revoked.apiKey!.revokeTime);
  });

  it("at once by many gives all the same answer", async () => {
    const { keys } = await withProjects();
    const { keyId } = (await keys.createApiKey({ apiKey: INGEST })).apiKey!;
    const answers = await Promise.all(Array.from({ length: 6 }, () => keys.revokeApiKey({ keyId })));
    expect(answers.every(({ apiKey }) => apiKey!.revokeTime !== undefined)).toBe(true);
  });

  it("of another project, of the account, or that does not exist fails alike", async () => {
    const { keys, as } = await withProjects();
    const other = (await keys.createApiKey({ apiKey: { ...INGEST, projectId: "b" } })).apiKey!.keyId;
    const account = (await keys.createApiKey({ apiKey: { scopes: [Scope.ADMIN] } })).apiKey!.keyId;
    for (const keyId of [other, account, "none"]) {
      for (const call of [as("a").keys.revokeApiKey({ keyId }), as("a").keys.getApiKey({ keyId })]) {
        const failure = await failing(call);
        expect(failure).toEqual({
          code: "NotFound",
          reason: "API_KEY_NOT_FOUND",
          message: `API key "${keyId}" does not exist`,
        });
      }
    }
  });
});
