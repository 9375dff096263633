import { setImmediate } from "node:timers/promises";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import type {
  GetDefinitionsResponse,
  WatchChangesResponse,
} from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import { hashSecret, parseApiKey } from "@millrace/credential";
import type { RecordNotice } from "@millrace/record-store";
import { inProcessTransport } from "@millrace/runtime";
import { createSnapshot } from "@millrace/snapshot";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { failing, openConfig } from "../test-config.ts";
import { createWatchChanges } from "./watch-changes.ts";

const CLICKS = { name: "clicks", aggregation: Aggregation.COUNT };

async function withBlog() {
  const config = await openConfig();
  await config.projects.createProject({ project: { projectId: "blog" } });
  const addMetric = () => config.metrics.createMetric({ metric: { projectId: "blog", ...CLICKS } });
  return { ...config, addMetric };
}

describe("definitions", () => {
  it("are given at the newest revision, or at any that there was", async () => {
    const { snapshot, addMetric } = await withBlog();
    await addMetric();
    const at = (revision: bigint) => snapshot.getDefinitions({ projectId: "blog", revision });
    const metrics = ({ definitions }: GetDefinitionsResponse) => definitions!.metrics.map(({ name }) => name);
    expect(metrics(await at(0n))).toEqual(["clicks"]);
    expect(metrics(await at(2n))).toEqual(["clicks"]);
    expect(metrics(await at(1n))).toEqual([]);
    expect(await failing(at(3n))).toMatchObject({ code: "NotFound", reason: "REVISION_NOT_FOUND" });
    const none = snapshot.getDefinitions({ projectId: "none", revision: 1n });
    expect(await failing(none)).toMatchObject({ code: "NotFound", reason: "PROJECT_NOT_FOUND" });
  });
});

describe("a credential", () => {
  it("is given as a hash, with what the key may do", async () => {
    const { snapshot, keys } = await withBlog();
    const { apiKey, text } = await keys.createApiKey({ apiKey: { projectId: "blog", scopes: [Scope.REPORT] } });
    const { keyId } = apiKey!;
    const credential = await snapshot.getCredential({ keyId });
    expect(credential).toMatchObject({ keyId, projectId: "blog", scopes: [Scope.REPORT] });
    expect(Buffer.from(credential.secretHash)).toEqual(hashSecret(parseApiKey(text).secret));
    expect(credential.revokeTime).toBeUndefined();
    expect(await failing(snapshot.getCredential({ keyId: "none" }))).toMatchObject({ reason: "API_KEY_NOT_FOUND" });
  });

  it("is for Millrace's own services only", async () => {
    const { as } = await withBlog();
    const { snapshot } = as(undefined, [Scope.ADMIN, Scope.REPORT]);
    expect(await failing(snapshot.getCredential({ keyId: "x" }))).toMatchObject({ reason: "SCOPE_MISSING" });
    expect(await failing(snapshot.getDefinitions({ projectId: "blog" }))).toMatchObject({ reason: "SCOPE_MISSING" });
  });
});

describe("watching changes", () => {
  it("says at once that it has begun, then what changes", async () => {
    const { snapshot, addMetric, keys } = await withBlog();
    const stop = new AbortController();
    const changes = snapshot.watchChanges({}, { signal: stop.signal })[Symbol.asyncIterator]();
    const first = await changes.next();
    expect(first.value).toMatchObject({ projectIds: [], keyIds: [] });
    await addMetric();
    const { apiKey } = await keys.createApiKey({ apiKey: { projectId: "blog", scopes: [Scope.REPORT] } });
    const seen = new Set<string>();
    while (seen.size < 2) {
      const { value } = (await changes.next()) as { value: WatchChangesResponse };
      for (const id of [...value.projectIds, ...value.keyIds]) seen.add(id);
    }
    expect(seen).toEqual(new Set(["blog", apiKey!.keyId]));
    stop.abort();
  });

  it("names what changed many times at once only once", async () => {
    const { snapshot, projects } = await withBlog();
    const stop = new AbortController();
    const changes = snapshot.watchChanges({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await changes.next();
    const update = { project: { projectId: "blog", displayName: "x" }, updateMask: { paths: ["display_name"] } };
    for (let i = 0; i < 10; i++) await projects.updateProject(update);
    const { value } = (await changes.next()) as { value: WatchChangesResponse };
    expect(value.projectIds).toEqual(["blog"]);
    stop.abort();
  });

  it("ends with unavailable when config stops", async () => {
    const { snapshot, app } = await withBlog();
    const changes = snapshot.watchChanges({})[Symbol.asyncIterator]();
    await changes.next();
    const ending = failing(changes.next());
    await app.close();
    expect(await ending).toMatchObject({ code: "Unavailable", reason: "DRAINING" });
  });

  it("lets go of the store when the caller does", async () => {
    const { records } = await withBlog();
    const watched = vi.fn(records.watch.bind(records));
    const closing = new AbortController().signal;
    const watch = createWatchChanges({ records: { ...records, watch: watched }, closing, watches: { add: () => {} } });
    const changes = watch({ $typeName: "millrace.config.v1.WatchChangesRequest" }, { signal: closing });
    await changes.next();
    await changes.return(undefined);
    expect(watched.mock.calls[0]![0]!.signal!.aborted).toBe(true);
  });

  it("ends for a reader that lets too many changes pile up, and tells it why", async () => {
    const { records } = await withBlog();
    async function* flood(): AsyncGenerator<RecordNotice[]> {
      for (let i = 0; ; i++) {
        yield Array.from({ length: 1_000 }, (_, j) => ({ collection: "project", id: `p${i}-${j}`, version: 1 }));
      }
    }
    const closing = new AbortController().signal;
    const watch = createWatchChanges({ records: { ...records, watch: flood }, closing, watches: { add: () => {} } });
    const changes = watch({ $typeName: "millrace.config.v1.WatchChangesRequest" }, { signal: closing });
    await changes.next();
    for (let i = 0; i < 50; i++) await setImmediate();
    await expect(changes.next()).rejects.toMatchObject({ kind: "unavailable", reason: "OVERLOADED" });
  });
});

describe("the live copy that services keep", () => {
  it("follows config: new revisions, new projects, revoked keys", async () => {
    const { app, keys, addMetric, projects } = await withBlog();
    const principal = { keyId: "service", projectId: undefined, scopes: new Set([Scope.SERVICE]) };
    const copy = createSnapshot({ transport: inProcessTransport(app.routes, { principal }) });
    onTestFinished(() => copy.close());
    await copy.ready();
    const until = (check: () => unknown) => vi.waitFor(check, { timeout: 3_000, interval: 5 });

    expect((await copy.definitions("blog")).revision).toBe(1n);
    await addMetric();
    await until(() => expect(copy.peekDefinitions("blog")!.revision).toBe(2n));
    expect((await copy.definitionsAt("blog", 1)).metrics).toEqual([]);

    await expect(copy.definitions("shop")).rejects.toMatchObject({ reason: "PROJECT_NOT_FOUND" });
    await projects.createProject({ project: { projectId: "shop" } });
    await until(async () => expect((await copy.definitions("shop")).revision).toBe(1n));

    const { apiKey, text } = await keys.createApiKey({ apiKey: { projectId: "blog", scopes: [Scope.INGEST] } });
    expect(await copy.authenticate(text)).toMatchObject({ keyId: apiKey!.keyId, projectId: "blog" });
    await keys.revokeApiKey({ keyId: apiKey!.keyId });
    await until(() => expect(copy.authenticate(text)).rejects.toMatchObject({ reason: "CREDENTIAL_REVOKED" }));
  });
});
