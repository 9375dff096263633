import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Failure } from "@millrace/failure";
import type { RecordStore } from "@millrace/record-store";
import { openEmbeddedRecordStore } from "@millrace/record-store/embedded";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createConfigApp } from "../app.ts";
import { failing, openConfig, START_MS } from "../test-config.ts";
import { VISITOR_SALT_COLLECTION, VisitorSaltRecords } from "./visitor-salt-records.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const daysIn = async (records: RecordStore) =>
  (await records.list(VISITOR_SALT_COLLECTION, { limit: 100 })).map(({ id }) => id);

describe("the secrets of visitors' pseudonyms", () => {
  it("are those of today and tomorrow, random, and the same for everybody who asks", async () => {
    const { snapshot, clock } = await openConfig();
    const answers = await Promise.all(Array.from({ length: 8 }, () => snapshot.getVisitorSalts({})));
    const { salts } = answers[0]!;
    expect(salts.map(({ date }) => date)).toEqual(["2026-06-01", "2026-06-02"]);
    expect(salts.map(({ salt }) => salt.length)).toEqual([32, 32]);
    expect(Buffer.from(salts[0]!.salt)).not.toEqual(Buffer.from(salts[1]!.salt));
    for (const other of answers) expect(other).toEqual(answers[0]);
    clock.nowMs += DAY_MS;
    const next = await snapshot.getVisitorSalts({});
    expect(next.salts[0]).toEqual(salts[1]);
  });

  it("are agreed upon by replicas that make them at the same moment", async () => {
    const records = await openEmbeddedRecordStore({ directory: ":memory:" });
    onTestFinished(() => records.close());
    const replicas = Array.from({ length: 4 }, () => new VisitorSaltRecords(records, randomBytes));
    const made = await Promise.all(replicas.map((replica) => replica.ofDay(START_MS)));
    expect(new Set(made.map(({ salt }) => Buffer.from(salt).toString("hex"))).size).toBe(1);
  });

  it("are agreed upon where a store does not know whether it has written", async () => {
    const { snapshot } = await openConfig({ wrap: forgetful });
    const first = await snapshot.getVisitorSalts({});
    expect(await snapshot.getVisitorSalts({})).toEqual(first);
  });

  it("are kept until the next day has ended, and then deleted", async () => {
    const { snapshot, records, clock } = await openConfig();
    await snapshot.getVisitorSalts({});
    clock.nowMs = Date.UTC(2026, 5, 3) - 1;
    await snapshot.getVisitorSalts({});
    expect(await daysIn(records)).toEqual(["2026-06-01", "2026-06-02", "2026-06-03"]);
    clock.nowMs += 1;
    await snapshot.getVisitorSalts({});
    expect(await daysIn(records)).toEqual(["2026-06-02", "2026-06-03", "2026-06-04"]);
  });

  it("are deleted though nobody asks for any, at the start and at the end of each day", async () => {
    const records = await openEmbeddedRecordStore({ directory: ":memory:" });
    vi.useFakeTimers({ now: START_MS, toFake: ["setTimeout", "clearTimeout", "Date"] });
    onTestFinished(async () => {
      vi.useRealTimers();
      await records.close();
    });
    const salts = new VisitorSaltRecords(records, randomBytes);
    for (const day of [-3, -1, 0]) await salts.ofDay(START_MS + day * DAY_MS);
    const app = createConfigApp({ records, clock: Date.now });
    await app.start();
    await settled(async () => expect(await daysIn(records)).toEqual(["2026-05-31", "2026-06-01"]));
    await vi.advanceTimersByTimeAsync(12 * HOUR_MS);
    await settled(async () => expect(await daysIn(records)).toEqual(["2026-06-01"]));
    await vi.advanceTimersByTimeAsync(DAY_MS);
    await settled(async () => expect(await daysIn(records)).toEqual([]));
    await app.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are for Millrace's own services only", async () => {
    const { as } = await openConfig();
    const { snapshot } = as(undefined, [Scope.ADMIN, Scope.REPORT, Scope.INGEST]);
    expect(await failing(snapshot.getVisitorSalts({}))).toMatchObject({ reason: "SCOPE_MISSING" });
  });
});

/** Waits, by turns of the event loop, for what a store does in the background. */
async function settled(check: () => Promise<void>): Promise<void> {
  for (let turn = 0; ; turn++) {
    try {
      return await check();
    } catch (error) {
      if (turn === 200) throw error;
      await setImmediate();
    }
  }
}

/** A store that makes every change, and says each first time that it does not know. */
function forgetful(records: RecordStore): RecordStore {
  const seen = new Set<string>();
  return {
    get: (...all) => records.get(...all),
    list: (...all) => records.list(...all),
    watch: (...all) => records.watch(...all),
    ready: (...all) => records.ready(...all),
    close: () => records.close(),
    async put(change, options) {
      const version = await records.put(change, options);
      if (seen.has(change.id)) return version;
      seen.add(change.id);
      throw new Failure("unknownOutcome", "BACKEND_UNAVAILABLE", "nobody knows");
    },
  };
}
