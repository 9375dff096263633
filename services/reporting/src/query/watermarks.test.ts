import { type BlockReader, type Watermark, watermarkState } from "@millrace/cell-store";
import { expect, it } from "vitest";
import { readWatermarks } from "./watermarks.ts";

const mark = (source: string, tier: string, timeMs: number): Watermark => ({ source, tier, offset: 1, timeMs });
const all = (source: string, timeMs: number) => ["1m", "15m", "1h", "1d"].map((tier) => mark(source, tier, timeMs));

function read(marks: readonly Watermark[]) {
  const store: Pick<BlockReader, "readStates"> = { readStates: async () => marks.map(watermarkState) };
  return readWatermarks(store as BlockReader);
}

it("a tier is as far as the partition that is furthest behind, and nothing is promised of one that misses", async () => {
  expect((await read([...all("1:0", 50), ...all("1:1", 30)])).timeMs).toMatchObject({ "1m": 30, "1d": 30 });
  expect((await read([...all("1:0", 50), mark("1:1", "1m", 30)])).timeMs).toMatchObject({ "1m": 30, "1d": 0 });
  expect((await read([])).timeMs).toMatchObject({ "1m": 0 });
});

it("a generation that is over holds nothing up: watermarks go on with the partitions of the next one", async () => {
  const before = [...all("1:0", 50), ...all("1:1", 40)];
  expect((await read([...before, ...all("2:0", 90)])).timeMs["1h"]).toBe(40);
  expect((await read([...before, ...all("2:0", 90), ...all("2:1", 80), ...all("2:2", 85)])).timeMs["1h"]).toBe(80);
});
