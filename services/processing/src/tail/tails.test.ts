import { openEmbeddedCache, openEmbeddedClaims } from "@millrace/cache/embedded";
import { type EventSection, writeSections } from "@millrace/event-log";
import {
  decodeTailMessage,
  encodeTailRequest,
  RECENT_MAX,
  TAIL_REQUEST_LASTS_MS,
  TAIL_REQUESTS_CHANNEL,
  type TailMessage,
  type ToldEvent,
  tailChannel,
} from "@millrace/tail";
import { createNoopMeter } from "@opentelemetry/api";
import { expect, it, onTestFinished, vi } from "vitest";
import { Plans } from "../fold/plans.ts";
import { RecordFolder } from "../fold/record-folder.ts";
import { Tally } from "../fold/tally.ts";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  randomFrom,
  section,
  snapshotOf,
  storedCounts,
  untilCommitted,
  WEB,
} from "../test-bed.ts";
import { RecentEvents, type RecentLimits } from "./recent-events.ts";
import { Tails } from "./tails.ts";

const NOW = Date.now();
const site = definitionsOf("site", WEB);
const other = definitionsOf("other", WEB);

type Bed = Awaited<ReturnType<typeof openTestBed>>;

async function openBed(): Promise<Bed> {
  const bed = await openTestBed({ definitions: [site, other], partitions: 2 });
  onTestFinished(() => bed.close());
  return bed;
}

/** Everything that is told of a project from now on. */
async function hear({ cache }: Pick<Bed, "cache">, projectId: string): Promise<TailMessage[]> {
  const heard: TailMessage[] = [];
  const messages = await cache.subscribe(tailChannel(projectId));
  void (async () => {
    for await (const { payload } of messages) heard.push(decodeTailMessage(payload));
  })();
  return heard;
}

async function ask({ cache }: Pick<Bed, "cache">, projectId: string, recent?: { request: string; count: number }) {
  const request = { projectId, ...(recent && { recent }) };
  await cache.publish(TAIL_REQUESTS_CHANNEL, encodeTailRequest(request));
}

function account(messages: readonly TailMessage[]): number {
  return messages.reduce((sum, { events, skipped }) => sum + events.length + skipped, 0);
}

/** Folds records as partition 0, one batch a call, and shows each batch to `tails`. */
async function folderFor(tails: ConstructorParameters<typeof RecordFolder>[0]["tails"]) {
  const claims = await openEmbeddedClaims({ directory: ":memory:" });
  onTestFinished(() => claims.close());
  const projects = Array.from({ length: 20 }, (_, i) => definitionsOf(`p${i}`, WEB));
  const folder = new RecordFolder({
    generation: 1,
    partition: 0,
    plans: new Plans(snapshotOf(site, ...projects), 100),
    claims,
    clock: Date,
    tally: new Tally(createNoopMeter()),
    claimsExpire: false,
    stalled() {},
    deadLetters: { put: async () => {} },
    tails,
  });
  let offset = 0;
  const { signal } = new AbortController();
  return async (...records: readonly EventSection[][]) => {
    const values = records.map((sections) => ({ offset: offset++, appendTimeMs: NOW, value: writeSections(sections) }));
    await folder.fold(values, 65_536, signal);
  };
}

function views(prefix: string, count: number) {
  return Array.from({ length: count }, (_, i) => pageView(`${prefix}-${i}`, `/${i}`, NOW));
}

it("tells what became of each event of a tailed project, and nothing of others", async () => {
  const bed = await openBed();
  const [heard, others] = [await hear(bed, "site"), await hear(bed, "other")];
  const app = await bed.start();
  await ask(bed, "site");
  const broken = { ...pageView("x", "/", NOW), bytes: new Uint8Array([10, 200, 1]), assignedId: "" };
  const late = { late: true, assignedId: "given" };
  const events = [pageView("a", "/", NOW), pageView("a", "/", NOW), pageView("", "/", NOW - 1e9, late), broken];
  await bed.append([section("other", NOW, events), { ...section("site", NOW + 1, events), userAgent: "Firefox" }]);
  await vi.waitFor(() => expect(account(heard)).toBe(4), 10_000);
  const told = heard.flatMap((message) => message.events);
  expect(told.map(({ verdict, eventId }) => [verdict, eventId])).toEqual([
    ["counted", "a"],
    ["duplicate", "a"],
    ["late", "given"],
    ["deadLettered", ""],
  ]);
  expect(told.map(({ bytes }) => Buffer.from(bytes))).toEqual(events.map(({ bytes }) => Buffer.from(bytes)));
  expect(told.map(({ offset, index }) => [offset, index])).toEqual([4, 5, 6, 7].map((index) => [0, index]));
  for (const event of told) expect(event).toMatchObject({ receivedAtMs: NOW + 1, version: 2, userAgent: "Firefox" });
  expect(told.map(({ timeMs }) => timeMs)).toEqual(events.map(({ timeMs }) => timeMs));
  await app.drain();
  expect(others).toEqual([]);
});

it("accounts for every event of a burst, in messages that are bounded, apart, and without a hole", async () => {
  const bed = await openBed();
  const heard = await hear(bed, "site");
  const app = await bed.start();
  await ask(bed, "site");
  const began = performance.now();
  const count = 20_000;
  for (let i = 0; i < 20; i++) await bed.append([section("site", NOW, views(`${i}`, count / 20))], i % 2);
  await vi.waitFor(() => expect(account(heard)).toBe(count), { timeout: 10_000 });
  const seconds = (performance.now() - began) / 1_000;
  await app.drain();
  for (const source of ["1:0", "1:1"]) {
    const messages = heard.filter((message) => message.source === source);
    expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, i) => i));
    expect(new Set(messages.map(({ epoch }) => epoch)).size).toBe(1);
    expect(messages.length).toBeLessThanOrEqual(2 + 10 * seconds);
    const events = messages.flatMap((message) => message.events);
    expect(events.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan((1 + seconds) * 256 * 1024);
    const order = events.map(({ offset, index }) => offset * 65_536 + index);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
  expect(await storedCounts(bed.cellStore, site, "accounting", "1h")).toEqual({ folded: count });
});

it("folds and commits while the cache takes no message, and tells of it all when it does", async () => {
  const bed = await openBed();
  const heard = await hear(bed, "site");
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  const cache = altered(bed.cache, {
    publish: async (channel, payload) => {
      await back;
      await bed.cache.publish(channel, payload);
    },
  });
  const app = await bed.start({ cache });
  await ask(bed, "site");
  for (let i = 0; i < 5; i++) await bed.append([section("site", NOW, views(`${i}`, 2_000))]);
  await untilCommitted(bed, 5);
  expect(heard).toEqual([]);
  comeBack();
  await vi.waitFor(() => expect(account(heard)).toBe(10_000), 10_000);
  await app.drain();
});

it("tells no more once it is not asked any more", async () => {
  const cache = await openEmbeddedCache();
  onTestFinished(() => cache.close());
  const heard = await hear({ cache }, "site");
  const clock = { nowMs: NOW, now: () => clock.nowMs };
  const tails = new Tails({ cache, clock, meter: createNoopMeter(), log: { warn() {} } });
  const fold = await folderFor(tails);
  tails.asked({ projectId: "site" });
  await fold([section("site", NOW, views("a", 1))]);
  clock.nowMs += TAIL_REQUEST_LASTS_MS;
  await fold([section("site", NOW, views("b", 1))]);
  clock.nowMs += 1;
  await fold([section("site", NOW, views("c", 1))]);
  clock.nowMs += 1_000;
  tails.asked({ projectId: "site" });
  await fold([section("site", NOW, views("d", 1))]);
  await vi.waitFor(() => expect(heard).toHaveLength(3), 10_000);
  expect(heard.flatMap(({ events }) => events.map(({ eventId }) => eventId))).toEqual(["a-0", "b-0", "d-0"]);
  // Whoever goes on listening can tell that something is missing.
  expect(heard[2]!.epoch).not.toBe(heard[1]!.epoch);
  tails.stop();
});

it("answers with the events that were processed just before, of every partition", async () => {
  const bed = await openBed();
  const heard = await hear(bed, "site");
  const app = await bed.start();
  await bed.append([section("site", NOW, views("a", 60))], 0);
  await bed.append([section("site", NOW, views("b", 3))], 1);
  const end = async () => expect(await bed.eventLog.committed("millrace.processing", 1)).toBe(1);
  await untilCommitted(bed, 1);
  await vi.waitFor(end, { timeout: 10_000 });
  await ask(bed, "site", { request: "r", count: RECENT_MAX });
  await vi.waitFor(() => expect(account(heard)).toBe(RECENT_MAX), 10_000);
  expect(heard.map(({ request }) => request)).toEqual(["r", "r"]);
  await ask(bed, "site", { request: "few", count: 2 });
  await vi.waitFor(() => expect(account(heard)).toBe(RECENT_MAX + 2), 10_000);
  await app.drain();
});

function recentFolder(limits: RecentLimits) {
  const recent = new RecentEvents(limits);
  return { recent, folding: folderFor({ folded: (source, batch) => recent.note(source, batch) }) };
}

function idsOf(recent: RecentEvents, projectId: string): string[] {
  return recent.of(projectId, RECENT_MAX).map(({ event }: { readonly event: ToldEvent }) => event.eventId);
}

it("keeps the last events of each project, in order, and byte for byte", async () => {
  const { recent, folding } = recentFolder({ projectsMax: 10, bytesMax: 1e6 });
  const fold = await folding;
  const sections = [section("site", NOW, views("a", 40)), section("p1", NOW, views("b", 1))];
  await fold(sections);
  await fold([section("site", NOW, views("c", 30))]);
  const expected = [
    ...sections[0]!.events.slice(-20).map((_, i) => `a-${i + 20}`),
    ...views("c", 30).map((_, i) => `c-${i}`),
  ];
  expect(idsOf(recent, "site")).toEqual(expected);
  expect(idsOf(recent, "p1")).toEqual(["b-0"]);
  expect(idsOf(recent, "p2")).toEqual([]);
  const [last] = recent.of("site", 1);
  expect(Buffer.from(last!.event.bytes)).toEqual(Buffer.from(views("c", 30).at(-1)!.bytes));
});

it("keeps no more events, projects and bytes than it may, whatever comes", async () => {
  const limits = { projectsMax: 5, bytesMax: 60_000 };
  const { recent, folding } = recentFolder(limits);
  const fold = await folding;
  const random = randomFrom(5);
  for (let round = 0; round < 40; round++) {
    const records = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, record) =>
      Array.from({ length: 1 + Math.floor(random() * 8) }, (_, i) => {
        const events = views(`${round}-${record}-${i}`, 1 + Math.floor(random() * 200));
        return section(`p${Math.floor(random() * 12)}`, NOW, events);
      }),
    );
    await fold(...records);
    expect(recent.bytes).toBeLessThanOrEqual(limits.bytesMax);
    const kept = Array.from({ length: 12 }, (_, i) => idsOf(recent, `p${i}`).length);
    expect(kept.filter((count) => count > 0).length).toBeLessThanOrEqual(limits.projectsMax);
    expect(Math.max(...kept)).toBeLessThanOrEqual(RECENT_MAX);
    const last = records.at(-1)!.at(-1)!;
    expect(idsOf(recent, last.projectId).at(-1)).toBe(
      `${round}-${records.length - 1}-${records.at(-1)!.length - 1}-${last.events.length - 1}`,
    );
  }
});
