import { type BlockKey, decodeLiveMessage, liveChannel, type StoredBlock, watchedKey } from "@millrace/cell-store";
import { Block, readableFamilies } from "@millrace/rollup";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  altered,
  definitionsOf,
  openTestBed,
  pageView,
  randomFrom,
  section,
  untilCommitted,
  WEB,
} from "../test-bed.ts";

const NOW = Date.now();
const watched = definitionsOf("watched", WEB);
const ignored = definitionsOf("ignored", WEB);
const schemas = new Map(readableFamilies(watched).map((family) => [family.id, family.schema]));

function nameOf(key: BlockKey): string {
  return Object.values(key).join("/");
}

it("publishes what changed of watched projects: laid over the block as it was, it gives the block as it is stored", async () => {
  const bed = await openTestBed({ definitions: [watched, ignored] });
  onTestFinished(() => bed.close());
  const published: { channel: string; payload: Uint8Array }[] = [];
  const cache = altered(bed.cache, {
    publish: async (channel, payload) => void published.push({ channel, payload }),
  });
  /** Every state in which a block was ever stored, by its offset. */
  const states = new Map<string, Map<number, Uint8Array>>();
  const cellStore = altered(bed.cellStore, {
    writeBlocks: async (blocks: readonly StoredBlock[]) => {
      await bed.cellStore.writeBlocks(blocks);
      for (const { key, blob } of blocks) {
        if (key.projectId !== "watched") continue;
        const of = states.get(nameOf(key)) ?? new Map();
        of.set(Block.decode(schemas.get(key.family)!, blob).off, Buffer.from(blob));
        states.set(nameOf(key), of);
      }
    },
  });
  const app = await bed.start({ cache, cellStore });
  const random = randomFrom(3);
  const send = async (records: number) => {
    for (let i = 0; i < records; i++) {
      const events = Array.from({ length: 3 }, () =>
        pageView(`${random()}`, `/${Math.floor(random() * 400)}`, NOW - Math.floor(random() * 3) * 60_000),
      );
      const { offset } = await bed.append([section("watched", NOW, events), section("ignored", NOW, events)]);
      // Wait for the flush now and then, so that there are several states of each block.
      if (i % 5 === 4) {
        await vi.waitFor(() => {
          const offsets = [...states.values()].flatMap((of) => [...of.keys()]);
          expect(Math.max(...offsets)).toBe(offset);
        }, 10_000);
      }
    }
  };
  await send(20);
  expect(published).toEqual([]);
  await bed.cache.set(watchedKey("watched"), new Uint8Array([1]), 60_000);
  const marked = states.size;
  await vi.waitFor(async () => {
    await send(5);
    expect(published.length).toBeGreaterThan(0);
  }, 10_000);
  const before = published.length;
  await send(40);
  await untilCommitted(bed, (await bed.eventLog.bounds(0)).end);
  await app.drain();
  expect(marked).toBeGreaterThan(0);
  expect(published.length).toBeGreaterThan(before + 20);
  for (const { channel, payload } of published) {
    expect(channel).toBe(liveChannel("watched"));
    const { key, previousOff, off, wts, cells } = decodeLiveMessage(payload);
    const of = states.get(nameOf(key))!;
    const former = of.get(previousOff);
    const schema = schemas.get(key.family)!;
    // It goes on where the block was stored before, watched or not: whoever has just read it need not read it again.
    expect(previousOff).toBe(Math.max(-1, ...[...of.keys()].filter((stored) => stored < off)));
    const block = former === undefined ? Block.empty(schema) : Block.decode(schema, former);
    expect(block.overlay(cells)).toBe("applied");
    expect([block.off, block.wts]).toEqual([off, wts]);
    expect(Buffer.from(block.encode())).toEqual(of.get(off));
  }
});
