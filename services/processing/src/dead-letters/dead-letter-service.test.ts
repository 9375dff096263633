/** Dead letters from the outside: by their RPCs, over embedded backends. */
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { DeadLetterReason } from "@millrace/api/millrace/processing/v1/dead_letter_pb";
import {
  DeadLetterService,
  type RedriveDeadLettersResponse,
  RedriveRefusalReason,
} from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { type EventSection, type StampedEvent, writeSections } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { Failure } from "@millrace/failure";
import { inProcessTransport } from "@millrace/runtime";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProcessingApp, type ProcessingApp, type ProcessingDeps } from "../app.ts";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  section,
  snapshotOf,
  statusOf,
  storedCounts,
  untilCommitted,
  WEB,
} from "../test-bed.ts";
import { deadLettersIn } from "./dead-letters.ts";

const HOUR = 3_600_000;
const site = definitionsOf("site", WEB);
const shop = definitionsOf("shop", WEB);
const siteLater = definitionsOf("site", WEB, 2);

/** A record of the log that no release reads. */
const NO_RECORD = new Uint8Array([9, 9, 9, 9, 9, 9, 9, 9]);

/** A section of a revision that may not be there yet. */
function laterSection(nowMs: number, events: readonly StampedEvent[]): EventSection {
  return { ...section("site", nowMs, events), revision: 2 };
}

function views(count: number, nowMs: number, prefix = "v"): readonly StampedEvent[] {
  return Array.from({ length: count }, (_, i) => pageView(`${prefix}-${i}`, "/", nowMs));
}

async function openBed() {
  const now = Date.now();
  const letterLog = await openEmbeddedEventLog({ directory: ":memory:", partitions: 2 });
  const state = { isLaterKnown: false, nowMs: now };
  const [before, after] = [snapshotOf(site, shop), snapshotOf(site, shop, siteLater)];
  const snapshot = altered(before, {
    definitionsAt: (...args) => (state.isLaterKnown ? after : before).definitionsAt(...args),
  });
  const logged: object[] = [];
  const log = { info: (fields: object) => void logged.push(fields), warn() {}, error() {} };
  const bed = await openTestBed({ definitions: [], snapshot, log, deadLetters: deadLettersIn(letterLog) });
  onTestFinished(() => bed.close());
  onTestFinished(() => letterLog.close());
  const redrive = { letters: letterLog, events: bed.eventLog };
  const start = async (changed: Partial<ProcessingDeps> = {}) => {
    const app = await bed.start({ redrive, ...changed });
    onTestFinished(() => app.drain());
    return app;
  };
  return { ...bed, bed, letterLog, redrive, state, logged, now, snapshot, start };
}

/** Who asks, and for which project. */
function lettersOf(
  app: ProcessingApp,
  scopes: readonly Scope[] = [Scope.ADMIN],
  projectId?: string,
): Client<typeof DeadLetterService> {
  const principal = { keyId: "tester", projectId, scopes: new Set(scopes) };
  return createClient(
    DeadLetterService,
    inProcessTransport((router) => app.routes(router), { principal }),
  );
}

type Request = Parameters<Client<typeof DeadLetterService>["redriveDeadLetters"]>[0];

function nameOf(numbers: Readonly<Record<string, number>>, number: number): string | undefined {
  return Object.keys(numbers).find((name) => numbers[name] === number);
}

/** Redrives to the end; gives the counts that are not 0, and the last answer. */
async function redriven(client: Client<typeof DeadLetterService>, request: Request = {}) {
  let last: RedriveDeadLettersResponse | undefined;
  for await (const answer of client.redriveDeadLetters({ maxEventsPerSecond: 100_000, ...request })) last = answer;
  expect(last?.done).toBe(true);
  const counts = Object.entries(last!).filter(([name, value]) => name.endsWith("Count") && value !== 0n);
  return {
    counts: Object.fromEntries(counts.map(([name, value]) => [name, Number(value)])),
    refusals: last!.refusals.map(({ reason, deadLetterId }) => [deadLetterId, nameOf(RedriveRefusalReason, reason)]),
    problems: last!.refusals.map(({ problem }) => problem),
  };
}

async function idsOf(client: Client<typeof DeadLetterService>, request: Parameters<typeof client.listDeadLetters>[0]) {
  const { deadLetters } = await client.listDeadLetters(request);
  return deadLetters.map(({ deadLetterId }) => deadLetterId);
}

async function counted(app: ProcessingApp) {
  const { balance } = await statusOf(app, "site");
  const { acceptedCount, foldedCount, duplicateCount, deadLetteredCount, lateCount } = balance!;
  return [acceptedCount, foldedCount, duplicateCount, deadLetteredCount, lateCount].map(Number);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return error instanceof ConnectError ? Code[error.code]! : String(error);
}

describe("listing", () => {
  it("gives each letter once, whatever replays kept, by position and in pages", async () => {
    const { bed, start, now, letterLog, eventLog } = await openBed();
    await bed.append([laterSection(now, views(5, now))]);
    await eventLog.append(0, NO_RECORD);
    await bed.append([section("shop", now, [{ ...pageView("x", "/", now), bytes: new Uint8Array([10, 200, 1]) }])]);
    const app = await start();
    await untilCommitted(bed, 3);
    await bed.foldAs("again", { deadLetters: deadLettersIn(letterLog) });
    expect((await letterLog.bounds(0)).end).toBe(14);

    const client = lettersOf(app, [Scope.REPORT]);
    const { deadLetters } = await client.listDeadLetters({});
    expect(deadLetters.map((one) => [one.deadLetterId, one.projectId, nameOf(DeadLetterReason, one.reason)])).toEqual([
      ...[0, 1, 2, 3, 4].map((index) => [`1:0:0:${index}`, "site", "REVISION_NOT_FOUND"]),
      ["1:0:1:0", "", "RECORD_UNREADABLE"],
      ["1:0:2:0", "shop", "EVENT_UNREADABLE"],
    ]);
    expect(deadLetters[0]).toMatchObject({
      problem: "revision 2: no revision 2",
      stamps: { revision: 2n, late: false },
    });
    const paged: string[] = [];
    let pageToken = "";
    do {
      const page = await client.listDeadLetters({ pageSize: 3, pageToken });
      paged.push(...page.deadLetters.map(({ deadLetterId }) => deadLetterId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(paged).toEqual(deadLetters.map(({ deadLetterId }) => deadLetterId));
    const first = await client.listDeadLetters({ pageSize: 3 });
    const other = client.listDeadLetters({ pageSize: 3, projectId: "site", pageToken: first.nextPageToken });
    expect(await codeOf(other)).toBe("InvalidArgument");
  });

  it("finds letters by project, reason, time and id, and shows a project's key its own alone", async () => {
    const { bed, start, now, eventLog } = await openBed();
    await bed.append([laterSection(now, views(1, now))]);
    await eventLog.append(0, NO_RECORD);
    await bed.append([section("shop", now, [{ ...pageView("x", "/", now), bytes: new Uint8Array([10, 200, 1]) }])]);
    const app = await start();
    await untilCommitted(bed, 3);
    const all = lettersOf(app);
    expect(await idsOf(all, { projectId: "shop" })).toEqual(["1:0:2:0"]);
    expect(await idsOf(all, { filter: { reasons: [DeadLetterReason.RECORD_UNREADABLE] } })).toEqual(["1:0:1:0"]);
    expect(await idsOf(all, { filter: { deadLetterIds: ["1:0:0:0", "1:0:9:0"] } })).toEqual(["1:0:0:0"]);
    const soon = { seconds: BigInt(Math.ceil(Date.now() / 1000) + 60), nanos: 0 };
    expect(await idsOf(all, { filter: { startTime: soon } })).toEqual([]);
    expect(await idsOf(all, { filter: { endTime: soon } })).toHaveLength(3);

    const own = lettersOf(app, [Scope.REPORT], "shop");
    expect(await idsOf(own, {})).toEqual(["1:0:2:0"]);
    expect(await codeOf(own.listDeadLetters({ projectId: "site" }))).toBe("NotFound");
    const { deadLetter } = await own.getDeadLetter({ deadLetterId: "1:0:2:0" });
    expect([...deadLetter!.content]).toEqual([10, 200, 1]);
    expect(await codeOf(own.getDeadLetter({ deadLetterId: "1:0:0:0" }))).toBe("NotFound");
    expect(await codeOf(own.getDeadLetter({ deadLetterId: "of another form" }))).toBe("InvalidArgument");
    expect(await codeOf(redriven(own))).toBe("PermissionDenied");
    expect(await codeOf(lettersOf(app, [Scope.INGEST], "shop").listDeadLetters({}))).toBe("PermissionDenied");
  });
});

describe("redriving", () => {
  it("counts every event once when the cause is gone, and nothing more the second time", async () => {
    const { bed, start, now, state, logged } = await openBed();
    await bed.append([laterSection(now, views(40, now)), section("site", now, views(3, now, "fine"))]);
    const app = await start();
    await untilCommitted(bed, 1);
    const client = lettersOf(app);
    expect(await counted(app)).toEqual([3, 3, 0, 0, 0]);
    expect(await redriven(client)).toMatchObject({ counts: { stillFailingCount: 40 } });
    expect((await bed.eventLog.bounds(0)).end).toBe(1);

    state.isLaterKnown = true;
    expect((await redriven(client, { validateOnly: true })).counts).toEqual({ redrivenCount: 40, eventCount: 40 });
    expect((await bed.eventLog.bounds(0)).end).toBe(1);
    expect((await redriven(client)).counts).toEqual({ redrivenCount: 40, eventCount: 40 });
    await untilCommitted(bed, (await bed.eventLog.bounds(0)).end);
    const cells = await storedCounts(bed.cellStore, siteLater, "pages", "1m");
    expect([await counted(app), cells]).toEqual([[43, 43, 0, 0, 0], { "/": 43 }]);

    const { end } = await bed.eventLog.bounds(0);
    expect((await redriven(client)).counts).toEqual({ redrivenBeforeCount: 40 });
    expect((await bed.eventLog.bounds(0)).end).toBe(end);
    expect((await redriven(client, { includeRedriven: true })).counts).toEqual({ redrivenCount: 40, eventCount: 40 });
    await untilCommitted(bed, (await bed.eventLog.bounds(0)).end);
    expect(await counted(app)).toEqual([83, 43, 40, 0, 0]);
    expect(await storedCounts(bed.cellStore, siteLater, "pages", "1m")).toEqual(cells);

    expect(await idsOf(client, {})).toEqual([]);
    const { deadLetters } = await client.listDeadLetters({ includeRedriven: true, pageSize: 1 });
    expect(deadLetters).toMatchObject([{ deadLetterId: "1:0:0:0", redrivenTo: expect.stringMatching(/^1:0:\d+:0$/) }]);
    expect(logged).toContainEqual(
      expect.objectContaining({ audit: true, keyId: "tester", redriven: 40, events: 40, validateOnly: false }),
    );
  });

  it("counts once what a crash left unnoted, and what the producer sent again", async () => {
    const { bed, start, now, state, letterLog, redrive } = await openBed();
    await bed.append([laterSection(now, views(10, now))]);
    let isNoting = false;
    const letters = altered(letterLog, {
      append: async (...args) => {
        if (!isNoting) throw new Failure("internal", "INTERNAL", "as if the process had ended here");
        return letterLog.append(...args);
      },
    });
    const app = await start({ redrive: { ...redrive, letters } });
    await untilCommitted(bed, 1);
    state.isLaterKnown = true;
    const client = lettersOf(app);
    expect(await codeOf(redriven(client))).toBe("Internal");
    isNoting = true;
    await bed.append([laterSection(now, views(10, now))]);
    expect((await redriven(client)).counts).toEqual({ redrivenCount: 10, eventCount: 10 });
    await untilCommitted(bed, (await bed.eventLog.bounds(0)).end);
    expect(await counted(app)).toEqual([30, 10, 20, 0, 0]);
  });

  it("makes a letter again of what fails again, which names the one it came from", async () => {
    const { bed, start, now, snapshot, redrive, letterLog } = await openBed();
    await bed.append([laterSection(now, views(2, now))]);
    const folding = await start();
    await untilCommitted(bed, 1);
    // A processor that knows more than the one that folds.
    const knowing = createProcessingApp({
      ...bed,
      redrive,
      snapshot: altered(snapshot, { definitionsAt: snapshotOf(siteLater).definitionsAt }),
    });
    expect((await redriven(lettersOf(knowing))).counts).toMatchObject({ redrivenCount: 2 });
    await untilCommitted(bed, 2);
    const { deadLetters } = await lettersOf(folding).listDeadLetters({});
    expect(deadLetters.map(({ deadLetterId, redrivenFrom }) => [deadLetterId, redrivenFrom])).toEqual([
      ["1:0:1:0", "1:0:0:0"],
      ["1:0:1:1", "1:0:0:1"],
    ]);
    expect((await letterLog.bounds(0)).end).toBe(5);
  });

  it("says of each letter that stays why it does", async () => {
    const { bed, start, now, state, letterLog, eventLog } = await openBed();
    const old = now - 50 * HOUR;
    const broken = { ...pageView("broken", "/", now), bytes: new Uint8Array([10, 200, 1]) };
    await eventLog.append(0, NO_RECORD);
    await bed.append([section("site", now, [broken])]);
    await bed.append([laterSection(old, [pageView("old", "/", old)])]);
    const app = await start();
    await untilCommitted(bed, 3);
    const line = (offset: number, more: object) => {
      const position = { generation: 1, partition: 0, offset, index: 7 };
      return Buffer.from(`${JSON.stringify({ position, projectId: "site", problem: "", ...more })}\n`);
    };
    await letterLog.append(0, line(0, {}));
    await letterLog.append(0, line(1, { cutFromBytes: 5_000_000 }));
    await letterLog.append(0, line(999, {}));
    state.isLaterKnown = true;
    const client = lettersOf(app);
    expect(await redriven(client)).toMatchObject({
      counts: { stillFailingCount: 2, unstampedCount: 1, cutCount: 1, lateCount: 1, unsettledCount: 1 },
      refusals: [
        ["1:0:0:0", "STILL_FAILING"],
        ["1:0:0:7", "UNSTAMPED"],
        ["1:0:1:0", "STILL_FAILING"],
        ["1:0:1:7", "CUT"],
        ["1:0:2:0", "LATE"],
        ["1:0:999:7", "UNSETTLED"],
      ],
    });
    const only = { filter: { deadLetterIds: ["1:0:2:0"] } };
    expect((await redriven(client, { ...only, allowLate: true })).counts).toEqual({ redrivenCount: 1, eventCount: 1 });
    await untilCommitted(bed, 4);
    expect(await counted(app)).toEqual([2, 1, 0, 1, 0]);
  });

  it("stamps the newest revision where it is told to, since the old one does not come back", async () => {
    const { bed, start, now } = await openBed();
    await bed.append([laterSection(now, views(3, now))]);
    const app = await start();
    await untilCommitted(bed, 1);
    const client = lettersOf(app);
    expect((await redriven(client, { useCurrentRevision: true })).counts).toEqual({ redrivenCount: 3, eventCount: 3 });
    await untilCommitted(bed, 2);
    expect(await counted(app)).toEqual([3, 3, 0, 0, 0]);
  });

  it("gives a record that this release can read all its events that were not folded", async () => {
    const { bed, start, now, letterLog } = await openBed();
    const value = writeSections([section("site", now, views(2, now, "first")), section("shop", now, views(3, now))]);
    await bed.append([section("site", now, views(2, now, "first"))]);
    const app = await start();
    await untilCommitted(bed, 1);
    // As an older release left it, which could not read the record from its second section on.
    const position = { generation: 1, partition: 0, offset: 0, index: 2 };
    const letter = { position, projectId: "", reason: "RECORD_UNREADABLE", problem: "", bytes: value } as const;
    await deadLettersIn(letterLog).put([letter], new AbortController().signal);
    expect((await redriven(lettersOf(app))).counts).toEqual({ redrivenCount: 1, eventCount: 3 });
    await untilCommitted(bed, 2);
    expect(await counted(app)).toEqual([2, 2, 0, 0, 0]);
    const { balance } = await statusOf(app, "shop");
    expect(balance).toMatchObject({ foldedCount: 3n, duplicateCount: 0n });
  });

  it("goes at the speed asked for, ends with its call, and goes on where it was", async () => {
    const { bed, start, now, state } = await openBed();
    await bed.append([laterSection(now, views(60, now))]);
    const app = await start();
    await untilCommitted(bed, 1);
    state.isLaterKnown = true;
    const client = lettersOf(app);
    const ending = new AbortController();
    const began = performance.now();
    const first = redriving();
    async function redriving() {
      for await (const { redrivenCount } of client.redriveDeadLetters(
        { maxEventsPerSecond: 80 },
        { signal: ending.signal },
      )) {
        if (redrivenCount < 40n) continue;
        expect(performance.now() - began).toBeGreaterThan(240);
        // Two at the same time would only make duplicates.
        expect(await codeOf(redriven(client))).toBe("ResourceExhausted");
        ending.abort();
      }
    }
    expect(await codeOf(first)).toBe("Canceled");
    await expect.poll(() => codeOf(redriven(client)), { timeout: 5_000 }).toBe("undefined");
    await untilCommitted(bed, (await bed.eventLog.bounds(0)).end);
    expect((await counted(app))[1]).toBe(60);
    expect(await storedCounts(bed.cellStore, siteLater, "pages", "1m")).toEqual({ "/": 60 });
  });
});
