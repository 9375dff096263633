import { randomBytes } from "node:crypto";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { createApiKey } from "@millrace/credential";
import { describe, expect, it } from "vitest";
import { openConfig } from "./test-config.ts";

describe("a first start", () => {
  it("makes a project once, and leaves it alone from then on", async () => {
    const { app } = await openConfig();
    const { bootstrap } = app;
    const made = await bootstrap.ensureProject({ projectId: "demo", template: Template.WEB });
    expect(made).toMatchObject({ projectId: "demo", template: Template.WEB, revision: 1n });
    expect(await bootstrap.ensureProject({ projectId: "demo", displayName: "other" })).toEqual(made);
  });

  it("makes one of many that make the same project at once", async () => {
    const { app, projects } = await openConfig();
    await Promise.all(Array.from({ length: 5 }, () => app.bootstrap.ensureProject({ projectId: "demo" })));
    expect((await projects.listProjects({})).projects).toHaveLength(1);
  });

  it("shows the text of an administrator's key only when it makes one", async () => {
    const { app, keys } = await openConfig();
    const text = await app.bootstrap.ensureAdminKey();
    const holder = await app.authenticate(text);
    expect(holder.projectId).toBeUndefined();
    expect(holder.scopes).toContain(Scope.ADMIN);
    expect(await app.bootstrap.ensureAdminKey()).toBeUndefined();
    expect((await keys.listApiKeys({})).apiKeys).toHaveLength(1);
    await keys.revokeApiKey({ keyId: holder.keyId });
    expect(await app.bootstrap.ensureAdminKey()).toBeTypeOf("string");
  });

  it("takes an administrator's key that is given, as often as it is given", async () => {
    const { app, keys } = await openConfig();
    const { text, keyId } = createApiKey(randomBytes);
    for (let i = 0; i < 3; i++) expect(await app.bootstrap.ensureAdminKey(text)).toBeUndefined();
    expect(await app.authenticate(text)).toMatchObject({ keyId, projectId: undefined });
    expect((await keys.listApiKeys({})).apiKeys).toHaveLength(1);
  });

  it("refuses a given key that is malformed, was revoked, or has another's id", async () => {
    const { app, keys } = await openConfig();
    const { bootstrap } = app;
    await expect(bootstrap.ensureAdminKey("secret")).rejects.toMatchObject({ reason: "CREDENTIAL_MALFORMED" });
    const id = randomBytes(8);
    const first = createApiKey((size) => (size === 8 ? id : randomBytes(size)));
    const second = createApiKey((size) => (size === 8 ? id : randomBytes(size)));
    await bootstrap.ensureAdminKey(first.text);
    await expect(bootstrap.ensureAdminKey(second.text)).rejects.toMatchObject({ reason: "CREDENTIAL_UNKNOWN" });
    await keys.revokeApiKey({ keyId: first.keyId });
    await expect(bootstrap.ensureAdminKey(first.text)).rejects.toMatchObject({ reason: "CREDENTIAL_REVOKED" });
  });

  it("makes keys of a project, which must be there", async () => {
    const { app } = await openConfig();
    const grant = { projectId: "demo", displayName: "demo", scopes: [Scope.INGEST] };
    await expect(app.bootstrap.ensureKey(undefined, grant)).rejects.toMatchObject({ reason: "PROJECT_NOT_FOUND" });
    await app.bootstrap.ensureProject({ projectId: "demo" });
    const text = await app.bootstrap.ensureKey(undefined, grant);
    expect(await app.authenticate(text)).toMatchObject({ projectId: "demo", scopes: new Set([Scope.INGEST]) });
    expect(await app.bootstrap.ensureKey(text, grant)).toBeUndefined();
  });
});

describe("config's own check of credentials", () => {
  it("refuses what is missing, malformed, unknown or has another secret, each with its own reason", async () => {
    const { app } = await openConfig();
    const refusal = (text: string | undefined) =>
      app.authenticate(text).catch(({ kind, reason }) => ({ kind, reason }));
    const kind = "unauthenticated";
    expect(await refusal(undefined)).toEqual({ kind, reason: "CREDENTIAL_MISSING" });
    expect(await refusal("")).toEqual({ kind, reason: "CREDENTIAL_MISSING" });
    expect(await refusal("x")).toEqual({ kind, reason: "CREDENTIAL_MALFORMED" });
    const id = randomBytes(8);
    const first = createApiKey((size) => (size === 8 ? id : randomBytes(size)));
    expect(await refusal(first.text)).toEqual({ kind, reason: "CREDENTIAL_UNKNOWN" });
    await app.bootstrap.ensureAdminKey(first.text);
    const second = createApiKey((size) => (size === 8 ? id : randomBytes(size)));
    expect(await refusal(second.text)).toEqual({ kind, reason: "CREDENTIAL_UNKNOWN" });
  });
});
