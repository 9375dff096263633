import { randomBytes } from "node:crypto";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { createApiKey } from "@millrace/credential";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FakeConfig } from "./fake-config.ts";
import type { SnapshotLimits } from "./limits.ts";
import { createSnapshot } from "./snapshot.ts";

const KEY = createApiKey(randomBytes);

/** A config with the project "shop" at revision 3 and one key, and a snapshot of it whose watch has begun. */
async function setUp(limits: Partial<SnapshotLimits> = {}) {
  const config = new FakeConfig();
  config.setRevision("shop", 3);
  config.setKey(KEY.keyId, KEY.secretHash);
  const clock = { nowMs: 1_000_000 };
  const snapshot = createSnapshot({
    transport: config.transport,
    limits: { backoffMsMax: 5, ...limits },
    now: () => clock.nowMs,
  });
  onTestFinished(() => snapshot.close());
  await snapshot.ready();
  return { config, snapshot, clock };
}

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 3_000, interval: 2 });
const reason = (text: string) => expect.objectContaining({ reason: text });

describe("definitions", () => {
  it("are read once, then come from memory", async () => {
    const { config, snapshot } = await setUp();
    expect(snapshot.peekDefinitions("shop")).toBeUndefined();
    const first = await snapshot.definitions("shop");
    expect(first.revision).toBe(3n);
    expect(await snapshot.definitions("shop")).toBe(first);
    expect(snapshot.peekDefinitions("shop")).toBe(first);
    expect(await snapshot.definitionsAt("shop", 3)).toBe(first);
    expect(await snapshot.servedGeneration("shop")).toBe(3);
    expect(config.asks("shop@0")).toBe(1);
    expect(config.asks("shop@3")).toBe(0);
  });

  it("asked for by many at once are read once", async () => {
    const { config, snapshot } = await setUp();
    const all = await Promise.all(Array.from({ length: 50 }, () => snapshot.definitions("shop")));
    expect(new Set(all).size).toBe(1);
    expect(config.asks("shop@0")).toBe(1);
  });

  it("are renewed without being asked for when config tells of a change", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.definitions("shop");
    config.setRevision("shop", 4);
    await until(() => expect(snapshot.peekDefinitions("shop")?.revision).toBe(4n));
    expect((await snapshot.definitions("shop")).revision).toBe(4n);
  });

  it("that changed while they were read are read again before they are given", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.authenticate(KEY.text);
    const gate = Promise.withResolvers<void>();
    config.gate = gate.promise;
    const reading = snapshot.definitions("shop");
    await until(() => expect(config.asks("shop@0")).toBe(1));
    config.setRevision("shop", 4);
    // Changes arrive in order: once the key is read again, the project's change has arrived too.
    config.setKey(KEY.keyId, KEY.secretHash);
    await until(() => expect(config.asks(KEY.keyId)).toBe(2));
    gate.resolve();
    expect((await reading).revision).toBe(4n);
  });

  it("of a project that does not exist are not asked for again for 5 seconds", async () => {
    const { config, snapshot, clock } = await setUp();
    for (let i = 0; i < 3; i++) await expect(snapshot.definitions("none")).rejects.toEqual(reason("PROJECT_NOT_FOUND"));
    expect(config.asks("none@0")).toBe(1);
    clock.nowMs += 5_000;
    await expect(snapshot.definitions("none")).rejects.toEqual(reason("PROJECT_NOT_FOUND"));
    expect(config.asks("none@0")).toBe(2);
  });

  it("of a project that is created meanwhile are found as soon as config tells of it", async () => {
    const { config, snapshot } = await setUp();
    await expect(snapshot.definitions("new")).rejects.toEqual(reason("PROJECT_NOT_FOUND"));
    config.setRevision("new", 1);
    await until(async () => expect((await snapshot.definitions("new")).revision).toBe(1n));
  });

  it("of a project that is gone are forgotten", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.definitions("shop");
    config.removeProject("shop");
    await until(() => expect(snapshot.peekDefinitions("shop")).toBeUndefined());
    await expect(snapshot.definitions("shop")).rejects.toEqual(reason("PROJECT_NOT_FOUND"));
  });

  it("are pushed out by others when there is no room, the least used first", async () => {
    const { config, snapshot } = await setUp({ projectsMax: 2 });
    config.setRevision("a", 1);
    config.setRevision("b", 1);
    for (const id of ["shop", "a", "b"]) await snapshot.definitions(id);
    expect(snapshot.peekDefinitions("shop")).toBeUndefined();
    expect(snapshot.peekDefinitions("b")).toBeDefined();
  });

  it("fail with exhausted when more reads are under way than the limit", async () => {
    const { config, snapshot } = await setUp({ loadsMax: 1 });
    const gate = Promise.withResolvers<void>();
    config.gate = gate.promise;
    const first = snapshot.definitions("shop");
    await expect(snapshot.definitions("other")).rejects.toEqual(reason("OVERLOADED"));
    gate.resolve();
    await first;
  });

  it("stop being waited for when the caller's signal aborts, and are still read for others", async () => {
    const { config, snapshot } = await setUp();
    const gate = Promise.withResolvers<void>();
    config.gate = gate.promise;
    const abort = new AbortController();
    const mine = snapshot.definitions("shop", { signal: abort.signal });
    const others = snapshot.definitions("shop");
    abort.abort();
    await expect(mine).rejects.toEqual(reason("CANCELLED"));
    gate.resolve();
    expect((await others).revision).toBe(3n);
  });
});

describe("a revision", () => {
  it("is read once and never again", async () => {
    const { config, snapshot } = await setUp();
    expect((await snapshot.definitionsAt("shop", 2n)).revision).toBe(2n);
    expect((await snapshot.definitionsAt("shop", 2)).revision).toBe(2n);
    expect(snapshot.peekDefinitionsAt("shop", 2)?.revision).toBe(2n);
    expect(config.asks("shop@2")).toBe(1);
  });

  it("that does not exist fails", async () => {
    const { snapshot } = await setUp();
    await expect(snapshot.definitionsAt("shop", 9)).rejects.toEqual(reason("REVISION_NOT_FOUND"));
  });

  it("is waited for while config is away", async () => {
    const { config, snapshot } = await setUp();
    config.leave();
    const waiting = snapshot.definitionsAt("shop", 1);
    await until(() => expect(config.asks("shop@1")).toBeGreaterThan(2));
    config.comeBack();
    expect((await waiting).revision).toBe(1n);
  });

  it("is waited for no longer than the caller's signal says", async () => {
    const { config, snapshot } = await setUp();
    config.leave();
    const abort = new AbortController();
    const waiting = snapshot.definitionsAt("shop", 1, { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toEqual(reason("CANCELLED"));
  });

  it("is waited for no longer than the snapshot is open", async () => {
    const { config, snapshot } = await setUp();
    config.leave();
    const waiting = expect(snapshot.definitionsAt("shop", 1)).rejects.toEqual(reason("CANCELLED"));
    await snapshot.close();
    await waiting;
  });
});

describe("an API key", () => {
  it("is known for its project and scopes, and read once", async () => {
    const { config, snapshot } = await setUp();
    const holder = await snapshot.authenticate(KEY.text);
    expect(holder).toEqual({
      keyId: KEY.keyId,
      projectId: "shop",
      scopes: new Set([Scope.INGEST]),
      allowedOrigins: [],
    });
    await snapshot.authenticate(KEY.text);
    expect(config.asks(KEY.keyId)).toBe(1);
  });

  it("without a project is for all of the account", async () => {
    const { config, snapshot } = await setUp();
    const key = createApiKey(randomBytes);
    config.setKey(key.keyId, key.secretHash, "");
    expect((await snapshot.authenticate(key.text)).projectId).toBeUndefined();
  });

  it("that is missing, malformed or unknown is refused with its own reason", async () => {
    const { snapshot } = await setUp();
    const other = createApiKey(randomBytes);
    await expect(snapshot.authenticate(undefined)).rejects.toEqual(reason("CREDENTIAL_MISSING"));
    await expect(snapshot.authenticate("")).rejects.toEqual(reason("CREDENTIAL_MISSING"));
    await expect(snapshot.authenticate("secret")).rejects.toEqual(reason("CREDENTIAL_MALFORMED"));
    await expect(snapshot.authenticate(other.text)).rejects.toEqual(reason("CREDENTIAL_UNKNOWN"));
  });

  it("with another secret than the stored one is refused, revoked or not, though its id is right", async () => {
    const { config, snapshot } = await setUp();
    for (const revoked of [false, true]) {
      const forged = createApiKey(randomBytes);
      config.setKey(forged.keyId, KEY.secretHash);
      if (revoked) config.revoke(forged.keyId);
      await expect(snapshot.authenticate(forged.text)).rejects.toEqual(reason("CREDENTIAL_UNKNOWN"));
    }
  });

  it("is refused within a second of being revoked", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.authenticate(KEY.text);
    config.revoke(KEY.keyId);
    await until(() => expect(snapshot.authenticate(KEY.text)).rejects.toEqual(reason("CREDENTIAL_REVOKED")));
  });

  it("is read again after 30 seconds even when no change was told", async () => {
    const { config, snapshot, clock } = await setUp();
    await snapshot.authenticate(KEY.text);
    config.revoke(KEY.keyId, false);
    clock.nowMs += 30_000;
    await until(() => expect(snapshot.authenticate(KEY.text)).rejects.toEqual(reason("CREDENTIAL_REVOKED")));
  });

  it("that was seen before is accepted while config is away; one never seen is unavailable", async () => {
    const { config, snapshot, clock } = await setUp();
    await snapshot.authenticate(KEY.text);
    config.leave();
    clock.nowMs += 3_600_000;
    expect((await snapshot.authenticate(KEY.text)).keyId).toBe(KEY.keyId);
    const other = createApiKey(randomBytes);
    await expect(snapshot.authenticate(other.text)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("made up by the thousand pushes out none that is real", async () => {
    const { config, snapshot } = await setUp({ absentMax: 5, credentialsMax: 5 });
    await snapshot.authenticate(KEY.text);
    for (let i = 0; i < 30; i++) {
      const madeUp = snapshot.authenticate(createApiKey(randomBytes).text);
      await expect(madeUp).rejects.toMatchObject({ kind: "unauthenticated" });
    }
    await snapshot.authenticate(KEY.text);
    expect(config.asks(KEY.keyId)).toBe(1);
  });
});

describe("after config was away", () => {
  it("everything is read again when it is used, since changes may have been missed", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.definitions("shop");
    await snapshot.authenticate(KEY.text);
    config.leave();
    await until(() => expect(config.watches).toBe(0));
    expect((await snapshot.definitions("shop")).revision).toBe(3n);
    config.setRevision("shop", 4);
    config.revoke(KEY.keyId);
    config.comeBack();
    await until(async () => expect((await snapshot.definitions("shop")).revision).toBe(4n));
    await expect(snapshot.authenticate(KEY.text)).rejects.toEqual(reason("CREDENTIAL_REVOKED"));
  });

  it("what can not be read again is served as it was, without trying at each call", async () => {
    const { config, snapshot, clock } = await setUp();
    await snapshot.definitions("shop");
    config.leave();
    // Told to the watch that is ending, it would be read once more.
    config.setRevision("shop", 4, false);
    config.readsFail = true;
    config.comeBack();
    await until(async () => {
      expect((await snapshot.definitions("shop")).revision).toBe(3n);
      expect(config.asks("shop@0")).toBe(2);
    });
    for (let i = 0; i < 20; i++) expect((await snapshot.definitions("shop")).revision).toBe(3n);
    expect(config.asks("shop@0")).toBe(2);
    config.readsFail = false;
    clock.nowMs += 1_000;
    await until(async () => expect((await snapshot.definitions("shop")).revision).toBe(4n));
  });

  it("what could not be read is waited for again when it is asked for much later", async () => {
    const { config, snapshot, clock } = await setUp();
    await snapshot.authenticate(KEY.text);
    config.readsFail = true;
    config.revoke(KEY.keyId);
    await until(() => expect(config.asks(KEY.keyId)).toBe(2));
    config.readsFail = false;
    clock.nowMs += 60_000;
    await expect(snapshot.authenticate(KEY.text)).rejects.toEqual(reason("CREDENTIAL_REVOKED"));
  });

  it("what could not be read is read at once when it changes again", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.definitions("shop");
    config.readsFail = true;
    config.setRevision("shop", 4);
    await until(() => expect(config.asks("shop@0")).toBe(2));
    config.readsFail = false;
    config.setRevision("shop", 5);
    await until(() => expect(snapshot.peekDefinitions("shop")!.revision).toBe(5n));
  });
});

describe("a snapshot", () => {
  it("is ready once config has answered, however long that takes", async () => {
    const config = new FakeConfig();
    config.leave();
    const snapshot = createSnapshot({ transport: config.transport, limits: { backoffMsMax: 5 } });
    onTestFinished(() => snapshot.close());
    await expect(snapshot.ready({ signal: AbortSignal.timeout(20) })).rejects.toEqual(reason("CANCELLED"));
    config.comeBack();
    await snapshot.ready();
  });

  it("refuses calls once it is closed, and lets go of config", async () => {
    const { config, snapshot } = await setUp();
    await snapshot.close();
    await snapshot.close();
    await expect(snapshot.definitions("shop")).rejects.toEqual(reason("CLOSED"));
    await expect(snapshot.authenticate(KEY.text)).rejects.toEqual(reason("CLOSED"));
    await until(() => expect(config.watches).toBe(0));
  });
});
