/**
 * P6 on a simulated clock, with the real claims and the real fold: histories of ids that reach ingest again and again, in
 * one record, in several, after hours and after days, by live and by import keys, in several projects, while processing
 * stands still for hours and folds records again. Each broken variant below must be found out, or the test finds nothing.
 */
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { LateWindowSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { type ClaimStore, POSITION_BYTES, untimedClaimTime } from "@millrace/cache";
import { openEmbeddedClaims } from "@millrace/cache/embedded";
import { type EventSection, type LogRecord, writeSections } from "@millrace/event-log";
import { CountState } from "@millrace/rollup";
import { createNoopMeter } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { definitionsOf, pageView, randomFrom, section, snapshotOf, WEB } from "../test-bed.ts";
import { Plans } from "./plans.ts";
import { type Folded, RecordFolder } from "./record-folder.ts";
import { Tally } from "./tally.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2026, 2, 1);
const PROJECTS = ["one", "two"];
const IDS = 24;
const WINDOW = 48 * HOUR;
/** When the late window was raised to a week. */
const RAISED = BEGIN + 5 * DAY;

/** What can be wrong with a system, from ingest's stamps to the claims. */
type Variant = {
  readonly stamp?: "corrected claim time" | "today's late window";
  readonly claims?: (claims: ClaimStore, clock: { now(): number }) => ClaimStore;
  /** How long processing may stand still, in hours. */
  readonly outageHours?: number;
};

type Kind = "live" | "import" | "untimed";
type Copy = { id: number; project: string; kind: Kind; timeMs: number; atMs: number; sentAgoMs: number };

/** Definitions before and after the late window was raised. */
function revisions(projectId: string) {
  const first = definitionsOf(projectId, WEB, 1);
  const second = definitionsOf(projectId, WEB, 2);
  const raised = { startTime: timestampFromMs(RAISED), window: durationFromMs(7 * DAY) };
  second.lateWindows = [...first.lateWindows, create(LateWindowSchema, raised)];
  return [first, second];
}

const snapshot = snapshotOf(...PROJECTS.flatMap(revisions));

/** The attempts to send each id: quick retries, and late ones, after hours or days. */
function attempts(random: () => number): Copy[] {
  const copies: Copy[] = [];
  for (let id = 0; id < IDS; id++) {
    const timeMs = BEGIN + Math.floor(random() * 9 * DAY);
    const usual: Kind = random() < 0.2 ? "untimed" : random() < 0.2 ? "import" : "live";
    for (const project of PROJECTS.slice(0, 1 + Math.floor(random() * 2))) {
      let atMs = timeMs + Math.floor(random() * 5_000);
      const lastMs = usual === "untimed" ? atMs + DAY : Number.POSITIVE_INFINITY;
      for (let n = 1 + Math.floor(random() * 4); n > 0 && atMs < lastMs; n--) {
        const kind = usual === "live" && random() < 0.3 ? "import" : usual;
        const copy: Copy = { id, project, kind, timeMs, atMs, sentAgoMs: Math.floor(random() * 90_000) };
        copies.push(copy);
        // An SDK that flushes twice, and a spool that is read again.
        if (random() < 0.2) copies.push({ ...copy });
        // Imports are repeated for weeks.
        const longest = usual === "import" ? 25 * DAY : 60 * HOUR;
        atMs += Math.floor(random() < 0.5 ? random() * 60_000 : random() * longest);
      }
    }
  }
  return copies.sort((a, b) => a.atMs - b.atMs);
}

/** Stamps a copy as ingest does. */
function stamped(copy: Copy, variant: Variant) {
  const receivedMs = copy.atMs + copy.sentAgoMs;
  const timeMs = copy.kind === "untimed" ? receivedMs : copy.timeMs + copy.sentAgoMs;
  const raised =
    variant.stamp === "today's late window" ? receivedMs >= RAISED : receivedMs >= RAISED && timeMs >= RAISED;
  const late = copy.kind === "live" && timeMs < receivedMs - (raised ? 7 * DAY : WINDOW);
  let claimTimeMs = variant.stamp === "corrected claim time" ? timeMs : copy.timeMs;
  if (copy.kind === "untimed") claimTimeMs = untimedClaimTime(receivedMs);
  const event = pageView(`id-${copy.id}`, `/${copy.kind}/${copy.id}`, timeMs, { claimTimeMs, late });
  const stamps = { imported: copy.kind === "import", revision: receivedMs >= RAISED ? 2 : 1, receivedAtMs: receivedMs };
  const one: EventSection = { ...section(copy.project, receivedMs, [event]), ...stamps };
  return { one, receivedMs, late };
}

/** The log that ingest writes, and which ids count once, by project and kind of key. */
function ingest(copies: readonly Copy[], random: () => number, variant: Variant) {
  const records: LogRecord[] = [];
  const expected: Record<string, number> = {};
  let sections: EventSection[] = [];
  let lastMs = 0;
  const append = () => {
    if (sections.length === 0) return;
    records.push({ offset: records.length, appendTimeMs: lastMs, value: writeSections(sections) });
    sections = [];
  };
  for (const copy of copies) {
    const { one, receivedMs, late } = stamped(copy, variant);
    if (!late) expected[`${copy.project}/${copy.kind}/${copy.id}`] = 1;
    if (receivedMs - lastMs > 100_000 || random() < 0.3) append();
    lastMs = Math.max(lastMs, receivedMs);
    sections.push(one);
  }
  append();
  return { records, expected };
}

/** Adds up what records came to, by project, kind of key and id. */
function addCounts(counts: Record<string, number>, { parts }: Folded): void {
  for (const { projectId, parts: some } of parts) {
    for (const { granularity, family, cells } of some) {
      const place = family.rollups.findIndex(({ name }) => name === "pages");
      if (granularity !== "1h" || place < 0) continue;
      for (const minute of cells) {
        for (const [page, [state]] of minute[place]!) {
          if (!(state instanceof CountState)) throw new Error("not a count");
          counts[projectId + page] = (counts[projectId + page] ?? 0) + state.count;
        }
      }
    }
  }
}

/** Runs a history; gives how many ids were counted as they should be, and how many were not. */
async function history(seed: number, variant: Variant): Promise<{ right: number; wrong: string[] }> {
  const random = randomFrom(seed * 7919);
  const { records, expected } = ingest(attempts(random), random, variant);
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const store = await openEmbeddedClaims({ directory: ":memory:" });
  const claims = variant.claims?.(store, clock) ?? store;
  const source = { generation: 1, partition: 0, plans: new Plans(snapshot, 100) };
  const deps = {
    ...source,
    claims,
    clock,
    tally: new Tally(createNoopMeter()),
    claimsExpire: true,
    stalled() {},
    tails: { folded() {} },
  };
  const letters = { put: () => Promise.reject(new Error("nothing is wrong with these events")) };
  const { signal } = new AbortController();
  const outages = Array.from({ length: 3 }, () => {
    const from = BEGIN + random() * 10 * DAY;
    return { from, to: from + random() * (variant.outageHours ?? 23) * HOUR };
  });
  const counts: Record<string, number> = {};
  let folder = new RecordFolder({ ...deps, deadLetters: letters });
  for (let next = 0; next < records.length; ) {
    const { appendTimeMs } = records[next]!;
    const outage = outages.find(({ from, to }) => appendTimeMs >= from && appendTimeMs < to);
    clock.nowMs = Math.max(clock.nowMs, outage?.to ?? appendTimeMs);
    while ((await store.expire(clock.nowMs)) > 0);
    // After a crash some records are folded again: they must come to the same, whatever the portions.
    if (random() < 0.1) {
      folder = new RecordFolder({ ...deps, deadLetters: letters });
      const again = records.slice(Math.max(0, next - 3), next).filter((r) => clock.nowMs - r.appendTimeMs < 12 * HOUR);
      if (again.length > 0) await folder.fold(again, 1_000, signal);
    }
    const some = records.slice(next, next + 1 + Math.floor(random() * 3)).filter((r) => r.appendTimeMs <= clock.nowMs);
    const folded = await folder.fold(some, 1 + Math.floor(random() * 3), signal);
    addCounts(counts, folded);
    next += folded.records;
  }
  await store.close();
  const names = [...new Set([...Object.keys(expected), ...Object.keys(counts)])];
  const wrong = names.filter((name) => counts[name] !== expected[name]);
  return { right: names.length - wrong.length, wrong };
}

/** How many of some histories went wrong. */
async function wrongHistories(variant: Variant, seeds: number): Promise<string[]> {
  const wrong: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await history(seed, variant);
    expect(result.right).toBeGreaterThan(0);
    for (const name of result.wrong) wrong.push(`seed ${seed}: ${name}`);
  }
  return wrong;
}

/** A store that forgets one thing of what its interface says. */
function broken(claims: ClaimStore, claim: ClaimStore["claim"]): ClaimStore {
  return { ...bound(claims), claim };
}

function bound(claims: ClaimStore): ClaimStore {
  return {
    claim: (batch, until, options) => claims.claim(batch, until, options),
    lookup: (batch, options) => claims.lookup(batch, options),
    release: (batch, options) => claims.release(batch, options),
    expire: (nowMs) => claims.expire(nowMs),
    ready: () => claims.ready(),
    close: () => claims.close(),
  };
}

const BROKEN: Record<string, Variant> = {
  "the position of a claim has no index": {
    claims: (claims) =>
      broken(claims, (batch, until) => {
        for (let i = 0; i < batch.count; i++)
          batch.positions.fill(0, (i + 1) * POSITION_BYTES - 2, (i + 1) * POSITION_BYTES);
        return claims.claim(batch, until);
      }),
  },
  "a claim is filed by the corrected time": { stamp: "corrected claim time" },
  "a longer late window holds for older events too": { stamp: "today's late window" },
  "claims have no allowance for lag": {
    claims: (claims) => broken(claims, (batch, until) => claims.claim(batch, until - DAY)),
  },
  "later claims do not extend their slot": {
    claims: (claims, clock) => {
      const ends = new Map<number, number>();
      return broken(claims, async (batch, until) => {
        const owners: Uint8Array[] = [];
        for (let i = 0; i < batch.count; i++) {
          const slot = batch.slots[i]!;
          const end = ends.get(slot) ?? 0;
          const kept = end > clock.now() ? end : until;
          ends.set(slot, kept);
          owners.push(await claims.claim(claimAt(batch, i), kept));
        }
        return Buffer.concat(owners);
      });
    },
  },
};

function claimAt(batch: Parameters<ClaimStore["claim"]>[0], i: number) {
  const ids = batch.ids.subarray(i * 16, (i + 1) * 16);
  const positions = batch.positions.subarray(i * POSITION_BYTES, (i + 1) * POSITION_BYTES);
  return { count: 1, ids, slots: batch.slots.subarray(i, i + 1), positions };
}

describe("claims (P6)", () => {
  it("count every id once by project and kind of key, after any delay, through lag and replays", async () => {
    expect(await wrongHistories({}, 60)).toEqual([]);
  }, 30_000);

  for (const [name, variant] of Object.entries(BROKEN)) {
    it(`are found out when ${name}`, async () => {
      const result: string[] = [];
      for (let seed = 1; seed <= 60 && result.length === 0; seed++)
        result.push(...(await history(seed, variant)).wrong);
      expect(result).not.toEqual([]);
    }, 30_000);
  }

  it("are not made by late events, which do not count", async () => {
    const claims = await openEmbeddedClaims({ directory: ":memory:" });
    onTestFinished(() => claims.close());
    const deadLetters = { put: () => Promise.reject(new Error("nothing is wrong with these events")) };
    const clock = { now: () => BEGIN };
    const plans = new Plans(snapshot, 100);
    const rest = {
      tally: new Tally(createNoopMeter()),
      claimsExpire: true,
      stalled() {},
      tails: { folded() {} },
      deadLetters,
    };
    const folder = new RecordFolder({ generation: 1, partition: 0, plans, claims, clock, ...rest });
    const counts: Record<string, number> = {};
    // The retry's clock was corrected a little differently, so that it comes just in time.
    for (const [offset, late] of [true, false, false].entries()) {
      const value = writeSections([section("one", BEGIN, [pageView("id", "/late", BEGIN - WINDOW, { late })])]);
      const record = { offset, appendTimeMs: BEGIN, value };
      addCounts(counts, await folder.fold([record], 1_000, new AbortController().signal));
    }
    expect(counts).toEqual({ "one/late": 1 });
  });

  it("stop a partition whose lag is longer than they are kept for", async () => {
    await expect(wrongHistories({ outageHours: 80 }, 5)).rejects.toMatchObject({ kind: "outOfRange" });
  });
});
