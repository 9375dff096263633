/**
 * What could not be counted, from the command line: found, looked at, redriven once its cause is gone, and counted exactly
 * once, however often it is redriven. Ingest refuses what processing could not read, and stamps revisions that exist; so
 * the records are appended while the server is stopped, as a lost configuration or a damage would leave them.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { MetricService } from "@millrace/api/millrace/config/v1/metric_service_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { DeadLetterService } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { CURRENT_VERSION } from "@millrace/enrichment";
import { type EventSection, writeSections } from "@millrace/event-log";
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { type Millrace, startMillrace, until } from "@millrace/harness";
import { askOnce, lastDays } from "@millrace/harness/load";
import { expect, it } from "vitest";

const LATER = 20;
const GONE = 3;

/** Page views of a project, stamped with a revision. */
function section(projectId: string, revision: number, count: number): EventSection {
  const nowMs = Date.now();
  const stamps = { processingVersion: CURRENT_VERSION, imported: false, receivedAtMs: nowMs, userAgent: "" };
  const events = Array.from({ length: count }, (_, i) => {
    const event = { eventId: `${projectId}-${i}`, name: "page_view", userId: `u${i}`, time: timestampFromMs(nowMs) };
    const bytes = toBinary(EventSchema, create(EventSchema, { ...event, properties: { url: "/later" } }));
    return { timeMs: nowMs, claimTimeMs: nowMs, late: false, assignedId: "", bytes };
  });
  return { projectId, revision, ...stamps, events };
}

async function appendWhileStopped(millrace: Millrace): Promise<void> {
  await millrace.terminate();
  const log = await openEmbeddedEventLog({ directory: millrace.dataDirectory });
  await log.append(1, writeSections([section("demo", 2, LATER), section("gone", 1, GONE)]));
  await log.append(2, new TextEncoder().encode("no record of the log"));
  await log.close();
  await millrace.restart();
}

async function ok(millrace: Millrace, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await millrace.cli(...args);
  expect(exitCode, `millrace ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

async function json(millrace: Millrace, ...args: string[]) {
  return JSON.parse(await ok(millrace, ...args, "--output", "json"));
}

/** The page views that are counted; and what became of the project's events. */
async function counts(millrace: Millrace) {
  const question = { projectId: "demo", metrics: ["page_views"], timeRange: lastDays(2) };
  const [row] = await askOnce(millrace, question);
  const { balance } = await millrace.status("demo");
  const { acceptedCount, foldedCount, duplicateCount } = balance!;
  return { views: row?.["page_views"], accepted: acceptedCount, folded: foldedCount, duplicate: duplicateCount };
}

/** The letters as they are told, in the order of their positions. */
async function letterList(millrace: Millrace, includeRedriven = false) {
  return (await millrace.client(DeadLetterService).listDeadLetters({ includeRedriven })).deadLetters;
}

it("are found, shown, redriven once their cause is gone, and count once", async () => {
  const millrace = await startMillrace();
  const events = ["ada", "bob"].map((userId) => ({ name: "page_view", userId, properties: { url: "/now" } }));
  await millrace.client(IngestService, millrace.keys.projectKeys["demo"]!).send({ events });
  await millrace.untilCounted("demo", 2);
  await appendWhileStopped(millrace);
  await until(
    "the letters are there",
    async () => {
      return (await letterList(millrace)).length === LATER + GONE + 1;
    },
    { withinMs: 20_000 },
  );
  const letters = await json(millrace, "dead-letters", "list");
  const reasons = letters.map(({ reason, projectId }: Record<string, string>) => `${reason} ${projectId ?? ""}`);
  expect(Object.fromEntries(Map.groupBy(reasons, (each) => each))).toEqual({
    "DEAD_LETTER_REASON_REVISION_NOT_FOUND demo": Array(LATER).fill(expect.anything()),
    "DEAD_LETTER_REASON_REVISION_NOT_FOUND gone": Array(GONE).fill(expect.anything()),
    "DEAD_LETTER_REASON_RECORD_UNREADABLE ": Array(1).fill(expect.anything()),
  });

  const shown = await ok(millrace, "dead-letters", "show", "1:1:0:4");
  expect(shown).toMatch(/^problem +revision 2: /m);
  expect(shown).toMatch(/^event +\{.*"eventId":"demo-4".*\}$/m);
  expect(await ok(millrace, "dead-letters", "list", "--reason", "record-unreadable", "-o", "csv")).toMatch(
    /\n1:2:0:0,/,
  );
  expect((await millrace.cli("dead-letters", "show", "1:1:0:99")).exitCode).toBe(2);
  expect((await millrace.cli("dead-letters", "redrive", "--yes")).stderr).toContain("say which");

  // Their cause is still there, and then it is gone: the metric makes revision 2.
  const before = await json(millrace, "dead-letters", "redrive", "--all", "--dry-run");
  expect(before).toMatchObject({ done: true, stillFailingCount: String(LATER + GONE + 1) });
  const metric = { projectId: "demo", name: "everything", aggregation: Aggregation.COUNT };
  await millrace.client(MetricService).createMetric({ metric });
  const preview = await json(millrace, "dead-letters", "redrive", "--all", "--dry-run");
  expect(preview).toMatchObject({ redrivenCount: String(LATER), stillFailingCount: String(GONE + 1) });
  const unasked = await millrace.cli("dead-letters", "redrive", "--all");
  expect([unasked.exitCode, unasked.stderr]).toEqual([2, expect.stringContaining("--yes")]);
  const once = { views: 2, accepted: 2n, folded: 2n, duplicate: 0n };
  expect(await counts(millrace)).toEqual(once);

  const redrive = ["dead-letters", "redrive", "--all", "--yes"];
  expect(await json(millrace, ...redrive)).toMatchObject({
    redrivenCount: String(LATER),
    eventCount: String(LATER),
    stillFailingCount: String(GONE + 1),
  });
  await millrace.untilCounted("demo", 2 + LATER);
  const all = { views: 2 + LATER, accepted: BigInt(2 + LATER), folded: BigInt(2 + LATER), duplicate: 0n };
  expect(await counts(millrace)).toEqual(all);

  // Everything once more changes nothing; not even where the first time is forgotten, but for the duplicates.
  expect(await json(millrace, ...redrive)).toMatchObject({ redrivenBeforeCount: String(LATER) });
  expect(await counts(millrace)).toEqual(all);
  expect(await json(millrace, ...redrive, "--again", "--rate", "200")).toMatchObject({ redrivenCount: String(LATER) });
  await millrace.untilCounted("demo", 2 + 2 * LATER);
  expect(await counts(millrace)).toEqual({ ...all, accepted: BigInt(2 + 2 * LATER), duplicate: BigInt(LATER) });

  expect(await letterList(millrace)).toHaveLength(GONE + 1);
  expect(await letterList(millrace, true)).toHaveLength(LATER + GONE + 1);
  expect(millrace.output).toMatch(/"redriven":20.*dead letters were redriven/);
  expect(await millrace.metrics()).toMatch(/dead_letter_redriven_total\{[^}]*millrace_outcome="redriven"[^}]*\} 40/);
});
