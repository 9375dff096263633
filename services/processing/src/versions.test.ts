import { create, toBinary } from "@bufbuild/protobuf";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";
import { openEmbeddedCellStore } from "@millrace/cell-store/embedded";
import { ENRICHMENT_VERSIONS } from "@millrace/enrichment";
import type { EventSection } from "@millrace/event-log";
import { layoutFamilies, readableFamilies } from "@millrace/rollup";
import { expect, it, onTestFinished, vi } from "vitest";
import { PROCESSING_VERSION } from "./fold/plans.ts";
import {
  definitionsOf,
  openTestBed,
  section,
  statusOf,
  storedBlocks,
  storedCounts,
  untilCommitted,
  WEB,
} from "./test-bed.ts";

const NOW = Date.now();
const site = definitionsOf("site", WEB);
const TABLET =
  "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1";

/** Tablets are tablets since version 2, and were mobiles before. */
function fromTablet(id: string, processingVersion: number): EventSection {
  const properties = { url: "https://shop.example/", user_agent: TABLET };
  const event = create(EventSchema, { eventId: id, name: "page_view", userId: id, properties });
  const stamps = { timeMs: NOW, claimTimeMs: NOW, late: false, assignedId: "" };
  return { ...section("site", NOW, [{ ...stamps, bytes: toBinary(EventSchema, event) }]), processingVersion };
}

it("folds each section by the version that it is stamped with, also side by side and when folded again (P3)", async () => {
  const bed = await openTestBed({ definitions: [site], partitions: 1 });
  onTestFinished(() => bed.close());
  for (const [i, version] of [...ENRICHMENT_VERSIONS, ...ENRICHMENT_VERSIONS].entries()) {
    await bed.append([fromTablet(`a${i}`, version), fromTablet(`b${i}`, ENRICHMENT_VERSIONS[0])]);
  }
  await bed.foldAs("first", {});
  expect(await storedCounts(bed.cellStore, site, "devices", "1h")).toEqual({ mobile: 6, tablet: 2 });
  // Whoever folds the same log again, after a release too, writes the same bytes.
  const again = await openEmbeddedCellStore({ directory: ":memory:" });
  onTestFinished(() => again.close());
  await bed.foldAs("second", { cellStore: again, blockBytesMax: 1 });
  expect(await storedBlocks(again, site)).toEqual(await storedBlocks(bed.cellStore, site));
});

it("folds each section by the revision that it is stamped with, old and new families side by side (P3)", async () => {
  const old = definitionsOf("site", WEB, 1);
  const next = definitionsOf("site", WEB, 2);
  // The devices get a family of their own, in 16 slots; what stays in the main family is another version of it.
  next.rollups = next.rollups.map((rollup) => (rollup.name === "devices" ? { ...rollup, slots: 16 } : rollup));
  next.families = layoutFamilies(old.families, next.rollups, next.metrics);
  const bed = await openTestBed({ definitions: [old, next] });
  onTestFinished(() => bed.close());
  const app = await bed.start();
  // A slow replica of ingest stamps the old revision for a while.
  for (const [i, revision] of [1, 2, 1, 2, 2, 1].entries()) {
    await bed.append([
      { ...fromTablet(`a${i}`, PROCESSING_VERSION), revision },
      { ...fromTablet(`b${i}`, PROCESSING_VERSION), revision: 3 - revision },
      { ...fromTablet("same", PROCESSING_VERSION), revision },
    ]);
  }
  await untilCommitted(bed, 6);
  await app.drain();
  for (const tier of ["1m", "15m", "1h", "1d+0"]) {
    expect(await storedCounts(bed.cellStore, next, "devices", tier)).toEqual({ tablet: 13 });
    expect(await storedCounts(bed.cellStore, next, "accounting", tier)).toEqual({ folded: 13, duplicate: 5 });
  }
  const families = readableFamilies(next).map(({ id }) => id);
  expect(families).toEqual(expect.arrayContaining(["main@1", "main@2", "devices@1"]));
  expect((await storedCounts(bed.cellStore, old, "devices", "1h")).tablet).toBeLessThan(13);
  expect(bed.letters).toEqual([]);
});

it("gives partitions that wait for a version to a processor that joins: it may be the release that knows it", async () => {
  const bed = await openTestBed({ definitions: [site], partitions: 2 });
  onTestFinished(() => bed.close());
  for (const partition of [0, 1]) await bed.append([fromTablet(`a${partition}`, 99)], partition);
  const old = await bed.start();
  const waiting = async (app: typeof old) =>
    (await statusOf(app)).partitions.filter(({ stalled }) => stalled.includes("processing version 99")).length;
  await expect.poll(() => waiting(old)).toBe(2);
  const joining = await bed.start();
  await expect.poll(() => waiting(joining)).toBe(1);
  expect(await waiting(old)).toBe(1);
  await Promise.all([old.drain(), joining.drain()]);
  expect(bed.letters).toEqual([]);
});

it("waits, and says why, for a version that this release does not know", async () => {
  const warnings: string[] = [];
  const log = {
    info() {},
    error() {},
    warn: (fields: object) => void warnings.push(String((fields as { err?: Error }).err?.message)),
  };
  const bed = await openTestBed({ definitions: [site], log });
  onTestFinished(() => bed.close());
  await bed.append([fromTablet("a", 99)]);
  const app = await bed.start();
  await vi.waitFor(() => expect(warnings[0]).toContain("processing version 99"), 10_000);
  expect(await storedCounts(bed.cellStore, site, "devices", "1m")).toEqual({});
  expect(bed.letters).toEqual([]);
  // Waiting does not keep it from stopping in good order.
  await app.drain();
});
