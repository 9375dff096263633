/** What happens in an installation before a release puts it away: projects, and events of every fate. */
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { writeSections } from "@millrace/event-log";
import type { EventInit } from "@millrace/harness/load";
import { PROCESSING_VERSION } from "@millrace/processing";
import type { Installation } from "./installation.ts";

/** The projects of the history. */
export const PROJECTS = ["shop", "site"] as const;

const HOUR_MS = 3_600_000;
const PAGES = ["/", "/cart", "/checkout", "/about?ref=1", "/Straße/köln"];
const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];

/** Makes the projects: templates, every aggregation, a rollup in slots, and a second revision of each. */
export async function makeProjects({ projects, metrics, rollups }: Installation): Promise<void> {
  const lateWindow = { seconds: 172_800n };
  await projects.createProject({
    project: { projectId: "shop", template: Template.SHOP, timeZone: "Europe/Berlin", spread: 2, lateWindow },
  });
  await projects.createProject({ project: { projectId: "site", template: Template.WEB, timeZone: "Asia/Kolkata" } });
  const own = [
    ["events", Aggregation.COUNT],
    ["weight", Aggregation.SUM],
    ["lightest", Aggregation.MIN],
    ["heaviest", Aggregation.MAX],
    ["mean", Aggregation.AVERAGE],
    ["spread", Aggregation.QUANTILES],
    ["people", Aggregation.UNIQUE],
  ] as const;
  for (const [name, aggregation] of own) {
    const property = name === "events" ? "" : name === "people" ? "user_id" : "weight";
    await metrics.createMetric({ metric: { projectId: "shop", name, aggregation, property } });
  }
  const names = own.map(([name]) => name);
  await rollups.createRollup({ rollup: { projectId: "shop", name: "by_page", metrics: names, dimensions: ["page"] } });
  await rollups.createRollup({
    rollup: { projectId: "shop", name: "by_customer", metrics: ["events"], dimensions: ["customer"], slots: 16 },
  });
}

/**
 * Sends so many batches of events, from a moment on: counted ones of the hours before, duplicates, late ones, bots,
 * imported ones, one without id or time, and one that can not be read.
 *
 * @param seed other events for another number
 */
export async function sendEvents(installation: Installation, nowMs: number, seed: number): Promise<void> {
  const random = randomFrom(seed);
  for (const projectId of PROJECTS) {
    for (let batch = 0; batch < 4; batch++) {
      const events = Array.from({ length: 20 }, (_, i) => eventOf(`${projectId}-${seed}-${batch}-${i}`, nowMs, random));
      const late = { ...events[0]!, eventId: `late-${seed}-${batch}`, time: timestampFromMs(nowMs - 60 * HOUR_MS) };
      const bare: EventInit = { name: "page_view", properties: { url: "https://shop.example/bare", weight: batch } };
      const ingest = installation.ingestFor(projectId);
      await ingest.send({ events: [...events, late, bare] });
      // Sent again, as after an answer that was lost.
      await ingest.send({ events: events.slice(0, 5) });
    }
    const old = { ...eventOf(`import-${seed}`, nowMs, random), time: timestampFromMs(nowMs - 100 * HOUR_MS) };
    await installation.ingestFor(projectId, "import").send({ events: [old] });
  }
  await appendUnreadable(installation, nowMs, seed);
}

/** Ingest would refuse such an event: one that a defect left in the log. */
async function appendUnreadable({ eventLog, snapshot }: Installation, nowMs: number, seed: number): Promise<void> {
  const { revision } = await snapshot.definitions("shop");
  const sound = toBinary(EventSchema, create(EventSchema, { name: "page_view", eventId: `sound-${seed}` }));
  const stamps = { timeMs: nowMs, claimTimeMs: nowMs, late: false, assignedId: "" };
  const broken = new Uint8Array([0x0a, 0xff, seed]);
  await eventLog.append(
    0,
    writeSections([
      {
        ...{ projectId: "shop", revision: Number(revision), processingVersion: PROCESSING_VERSION, imported: false },
        ...{ receivedAtMs: nowMs, userAgent: AGENTS[0]! },
        events: [sound, broken].map((bytes) => ({ ...stamps, bytes })),
      },
    ]),
  );
}

function eventOf(eventId: string, nowMs: number, random: () => number): EventInit {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const user = `user-${Math.floor(random() ** 2 * 40)}`;
  return {
    eventId,
    name: pick(["page_view", "page_view", "order", "signup"]),
    userId: user,
    time: timestampFromMs(nowMs - Math.floor(random() ** 3 * 40 * HOUR_MS)),
    properties: {
      url: `https://shop.example${pick(PAGES)}`,
      referrer: pick(["", "https://www.google.com/", "https://news.example/a"]),
      user_agent: pick(AGENTS),
      utm_source: pick(["", "newsletter"]),
      weight: Math.round(random() * 1e6) / 1e3 - 200,
      revenue: Math.round(random() * 1e4) / 100,
      country: pick(["DE", "IN", ""]),
      customer: user,
    },
  };
}

/** A repeatable source of numbers in [0, 1): mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
