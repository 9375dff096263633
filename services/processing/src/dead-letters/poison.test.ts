/** P4: events that break the fold become dead letters, and everything else is folded as if they had never been. */
import { crc32 } from "node:zlib";
import { openEmbeddedClaims } from "@millrace/cache/embedded";
import { type EventSection, writeSections } from "@millrace/event-log";
import { CountState } from "@millrace/rollup";
import { createNoopMeter } from "@opentelemetry/api";
import { expect, it, onTestFinished, vi } from "vitest";
import { Plans } from "../fold/plans.ts";
import { type Folded, RecordFolder } from "../fold/record-folder.ts";
import { Tally } from "../fold/tally.ts";
import { altered, definitionsOf, openTestBed, pageView, section, snapshotOf, WEB } from "../test-bed.ts";
import type { DeadLetter } from "./dead-letters.ts";

const NOW = Date.UTC(2026, 5, 1);
const site = definitionsOf("site", WEB);

/** A folder whose plans can't fold events with ids that begin with "poison", and count how often they try. */
async function poisonedFolder() {
  const claims = await openEmbeddedClaims({ directory: ":memory:" });
  onTestFinished(() => claims.close());
  const order: string[] = [];
  const letters: DeadLetter[] = [];
  const tried = { folds: 0 };
  const sound = new Plans(snapshotOf(site), 10);
  const plans = altered(sound, {
    peek: () => undefined,
    load: async (...args) => {
      const found = await sound.load(...args);
      const plan = altered(found.plan, {
        fold(delta, event) {
          tried.folds++;
          found.plan.fold(delta, event);
          if (event.eventId.startsWith("poison")) throw new RangeError("too much of it");
        },
      });
      return { ...found, plan };
    },
  });
  const folder = new RecordFolder({
    generation: 1,
    partition: 3,
    plans,
    claims: altered(claims, {
      release: async (batch) => {
        order.push("release");
        await claims.release(batch);
      },
    }),
    clock: { now: () => NOW },
    tally: new Tally(createNoopMeter()),
    claimsExpire: false,
    stalled() {},
    tails: { folded() {} },
    deadLetters: {
      async put(some) {
        order.push("letters");
        letters.push(...some);
      },
    },
  });
  const { signal } = new AbortController();
  const foldRecord = (offset: number, value: Uint8Array) =>
    folder.fold([{ offset, appendTimeMs: NOW, value }], 1_000, signal);
  const fold = (offset: number, ...sections: EventSection[]) => foldRecord(offset, writeSections(sections));
  return { fold, foldRecord, letters, order, tried };
}

/** A record without its last bytes, and with a checksum that says that it is whole. */
function cutShort(record: Uint8Array): Uint8Array {
  const value = Buffer.from(record.subarray(0, record.length - 3));
  value.writeUInt32LE(crc32(value.subarray(0, -4)), value.length - 4);
  return value;
}

function outcomes({ parts }: Folded, rollup: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { granularity, family, cells } of parts.flatMap((part) => part.parts)) {
    const place = family.rollups.findIndex(({ name }) => name === rollup);
    if (granularity !== "1h" || place < 0) continue;
    for (const minute of cells) {
      for (const [tuple, [state]] of minute[place]!) {
        if (state instanceof CountState) counts[tuple] = (counts[tuple] ?? 0) + state.count;
      }
    }
  }
  return counts;
}

it("folds the others without them, and keeps their own bytes by their position", async () => {
  const { fold, letters, order } = await poisonedFolder();
  const poison = pageView("poison", "/", NOW);
  const folded = await fold(7, section("site", NOW, [pageView("a", "/", NOW), poison, pageView("b", "/", NOW)]));
  expect(outcomes(folded, "pages")).toEqual({ "/": 2 });
  expect(outcomes(folded, "accounting")).toEqual({ folded: 2, dead_lettered: 1 });
  expect(letters).toHaveLength(1);
  expect(letters[0]).toMatchObject({
    position: { generation: 1, partition: 3, offset: 7, index: 1 },
    projectId: "site",
    problem: "the event can not be folded: too much of it",
  });
  expect(Buffer.from(letters[0]!.bytes)).toEqual(Buffer.from(poison.bytes));
  // First the letter is durable, then the claim goes back.
  expect(order).toEqual(["letters", "release"]);
});

it("gives their claims back, so that they can be sent again, and finds the same when it folds again", async () => {
  const { fold, letters } = await poisonedFolder();
  const sections = [section("site", NOW, [pageView("poison", "/", NOW), pageView("a", "/", NOW)])];
  const first = await fold(1, ...sections);
  const again = await fold(1, ...sections);
  const redriven = await fold(2, ...sections);
  expect(outcomes(again, "accounting")).toEqual(outcomes(first, "accounting"));
  expect(letters[1]).toEqual(letters[0]);
  // Not a duplicate: had it been mended meanwhile, it would count now.
  expect(outcomes(redriven, "accounting")).toEqual({ dead_lettered: 1, duplicate: 1 });
});

it("takes a section of nothing but such events in a few passes", async () => {
  const { fold, letters, tried } = await poisonedFolder();
  const events = Array.from({ length: 2_000 }, (_, i) => pageView(`poison-${i}`, "/", NOW));
  await fold(1, section("site", NOW, events));
  expect(letters).toHaveLength(2_000);
  expect(tried.folds).toBeLessThan(10_000);
});

it("folds the sections before a damage, and claims nothing for the events of the damaged one", async () => {
  const { foldRecord, fold, letters } = await poisonedFolder();
  const sound = section("site", NOW, [pageView("a", "/", NOW)]);
  const damaged = section("site", NOW + 1, [pageView("b", "/", NOW), pageView("c", "/", NOW)]);
  const value = cutShort(writeSections([sound, damaged]));
  expect(outcomes(await foldRecord(1, value), "pages")).toEqual({ "/": 1 });
  expect(letters).toMatchObject([{ projectId: "", position: { offset: 1 } }]);
  expect(Buffer.from(letters[0]!.bytes)).toEqual(Buffer.from(value));
  // Sent again, they count.
  expect(outcomes(await fold(2, sound, damaged), "accounting")).toEqual({ folded: 2, duplicate: 1 });
});

it("keeps letters before the offset moves on", async () => {
  const { promise: kept, resolve: keep } = Promise.withResolvers<void>();
  const deadLetters = { put: vi.fn(() => kept) };
  const bed = await openTestBed({ definitions: [site], deadLetters, partitions: 2 });
  onTestFinished(() => bed.close());
  const app = await bed.start();
  await bed.eventLog.append(0, new Uint8Array([1, 2, 3]));
  await vi.waitFor(() => expect(deadLetters.put).toHaveBeenCalled(), 10_000);
  await bed.append([section("site", Date.now(), [pageView("a", "/", Date.now())])]);
  const untilCommitted = async (partition: number, offset: number) => {
    const committed = async () => expect(await bed.eventLog.committed("millrace.processing", partition)).toBe(offset);
    await vi.waitFor(committed, { timeout: 10_000 });
  };
  // A partition without letters, whose event came later, goes on meanwhile.
  await bed.append([section("site", Date.now(), [pageView("b", "/", Date.now())])], 1);
  await untilCommitted(1, 1);
  expect(await bed.eventLog.committed("millrace.processing", 0)).toBe(0);
  keep();
  await untilCommitted(0, 2);
  await app.drain();
});
