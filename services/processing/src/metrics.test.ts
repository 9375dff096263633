/** What processing measures of itself, against what was done. */
import { Failure } from "@millrace/failure";
import { recordedMeter } from "@millrace/telemetry/testing";
import { expect, it, onTestFinished, vi } from "vitest";
import { altered, definitionsOf, openTestBed, pageView, section, untilCommitted, WEB } from "./test-bed.ts";

const NOW = Date.now();
const site = definitionsOf("site", WEB);
const away = new Failure("unavailable", "BACKEND_UNAVAILABLE", "the backend is away");

async function measuredBed() {
  const { meter, values } = recordedMeter();
  const bed = await openTestBed({ definitions: [site], meter });
  onTestFinished(() => bed.close());
  const one = (name: string) => values(`millrace.processing.${name}`)[`millrace.processing.${name}`] ?? 0;
  const ofPartition = (name: string) => one(`${name} 0`);
  return { bed, values, one, ofPartition };
}

it("tells how far it is behind, in records, events and seconds, and that it stands still, until it goes on", async () => {
  const { bed, values, ofPartition } = await measuredBed();
  let isAway = false;
  const claims = altered(bed.claims, {
    claim: (batch, until) => (isAway ? Promise.reject(away) : bed.claims.claim(batch, until)),
  });
  const app = await bed.start({ claims });
  onTestFinished(() => app.drain());
  const three = ["a", "b", "c"].map((id) => pageView(id, "/", NOW));
  for (let i = 0; i < 20; i++) await bed.append([section("site", NOW, three)]);
  await untilCommitted(bed, 20);
  expect(values("millrace.processing.lag")).toEqual({});

  isAway = true;
  await bed.append([section("site", NOW, three)]);
  await bed.append([section("site", NOW, three)]);
  await vi.waitFor(() => expect(ofPartition("stalled")).toBe(1), { timeout: 5_000, interval: 10 });
  expect(ofPartition("lag.records")).toBe(2);
  // By what the last records had, each three events.
  expect(ofPartition("lag.events")).toBeGreaterThanOrEqual(5);
  expect(ofPartition("lag.events")).toBeLessThanOrEqual(6);
  expect(ofPartition("lag.time")).toBeGreaterThan(0);
  expect([ofPartition("offset.next"), ofPartition("offset.end")]).toEqual([20, 22]);

  isAway = false;
  await untilCommitted(bed, 22);
  expect(values("millrace.processing.lag")).toEqual({});
  expect(ofPartition("stalled")).toBe(0);
  expect([ofPartition("offset.committed"), ofPartition("uncommitted")]).toEqual([22, 0]);
});

it("measures each fold and flush, and of each record when all of it is visible", async () => {
  const { bed, values, one } = await measuredBed();
  const app = await bed.start();
  await bed.append([section("site", NOW, [pageView("a", "/", NOW), pageView("b", "/x", NOW)])]);
  await bed.append([section("site", NOW, [pageView("a", "/", NOW)])]);
  await untilCommitted(bed, 2);
  expect(one("event_to_visible")).toBe(2);
  expect(one("fold.duration")).toBe(one("fold.events"));
  for (const tier of ["1m", "15m", "1h", "1d"]) expect(one(`flush.blocks ${tier}`)).toBeGreaterThan(0);
  expect(one("partitions")).toBe(1);
  expect(one("block.count")).toBeGreaterThan(0);
  expect(one("block.memory.usage")).toBeGreaterThan(0);
  await app.drain();
  // What is given away is not told of any more.
  expect(values("millrace.processing.offset")).toEqual({});
  expect([one("partitions"), one("block.count"), one("cell.count"), one("block.memory.usage")]).toEqual([0, 0, 0, 0]);
});

it("counts dead letters by reason", async () => {
  const { bed, values } = await measuredBed();
  const app = await bed.start();
  onTestFinished(() => app.drain());
  const broken = { ...pageView("x", "/", NOW), bytes: new Uint8Array([255, 255]) };
  await bed.append([section("site", NOW, [broken, pageView("a", "/", NOW)])]);
  await bed.eventLog.append(0, new Uint8Array([1, 2, 3]));
  await untilCommitted(bed, 2);
  expect(values("millrace.processing.dead_letter")).toEqual({
    "millrace.processing.dead_letter.kept EVENT_UNREADABLE": 1,
    "millrace.processing.dead_letter.kept RECORD_UNREADABLE": 1,
  });
});
