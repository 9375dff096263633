/** A process that writes a log of page views: `node write-log.ts DIRECTORY PROJECTS EVENTS [zipf]`; it tells when it is done. */
import { openEmbeddedEventLog } from "@millrace/event-log/embedded";
import { randomFrom } from "./web-events.ts";
import { webRecords } from "./web-records.ts";

const PARTITIONS = 4;
/** Events come at this pace, over all projects. */
const EVENTS_PER_SECOND = 10_000;
/** As ingest packs them at this pace: a busy partition appends a record every few tens of milliseconds. */
const EVENTS_PER_RECORD = 200;

const [directory = "", projectCount = "1", eventCount = "1", spread = ""] = process.argv.slice(2);
const projects = Number(projectCount);
const events = Number(eventCount);
const seconds = events / EVENTS_PER_SECOND;
const startMs = Date.now() - seconds * 1000;
let nowMs = startMs;
const log = await openEmbeddedEventLog({ directory, partitions: PARTITIONS, clock: () => Math.floor(nowMs) });
const random = randomFrom(3);
for (let partition = 0; partition < PARTITIONS; partition++) {
  // Each project's events are in one partition.
  const own = Math.max(1, projects / PARTITIONS);
  const isOne = projects === 1;
  const records = webRecords({
    records: events / PARTITIONS / EVENTS_PER_RECORD,
    sectionsPerRecord: isOne ? 1 : EVENTS_PER_RECORD,
    eventsPerSection: isOne ? EVENTS_PER_RECORD : 1,
    nowMs: startMs,
    sectionMs: ((isOne ? EVENTS_PER_RECORD : 1) / (EVENTS_PER_SECOND / PARTITIONS)) * 1000,
    nextProject: () => (isOne ? "site" : `site-${placeOf(random(), own) * PARTITIONS + partition}`),
    firstNumber: partition * events,
  });
  nowMs = startMs;
  let pending: Promise<unknown>[] = [];
  for (const record of records) {
    pending.push(log.append(partition, record));
    if (pending.length < 50) continue;
    await Promise.all(pending);
    pending = [];
    nowMs += ((50 * EVENTS_PER_RECORD) / (EVENTS_PER_SECOND / PARTITIONS)) * 1000;
  }
  await Promise.all(pending);
}
await log.close();

/** Which of `own` projects sends: any, or by Zipf's law, the n-th with a share of 1/n. */
function placeOf(chance: number, own: number): number {
  return spread === "zipf" ? Math.floor((own + 1) ** chance) - 1 : Math.floor(chance * own);
}
process.send!("done", () => process.exit(0));
// Whoever started it is gone.
process.once("disconnect", () => process.exit(1));
