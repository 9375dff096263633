import type { BlockKey, BlockRange, CellStore, SeriesKey, StoredBlock } from "../cell-store.ts";

/** A series that tests write to. */
export const series: SeriesKey = { projectId: "shop", family: "main@1", generation: 1, granularity: "1h" };

/** A key of that series, with what the test cares about. */
export function keyOf(part: Partial<BlockKey> = {}): BlockKey {
  return { ...series, bucket: 600, slot: 0, source: "1:0", ...part };
}

/** A block whose blob says its text. */
export function blockOf(part: Partial<BlockKey>, wts: number, text = `at ${wts}`): StoredBlock {
  return { key: keyOf(part), wts, blob: new TextEncoder().encode(text) };
}

/** The text of a blob; `undefined` for no block. */
export function textOf(block: StoredBlock | undefined): string | undefined {
  return block === undefined ? undefined : new TextDecoder().decode(block.blob);
}

/** The text of the one block that a key names. */
export async function readText(store: CellStore, key: Partial<BlockKey> = {}): Promise<string | undefined> {
  const [block] = await store.readBlocks([keyOf(key)]);
  return textOf(block);
}

/** Every block of a range of the series, portions joined. */
export async function scanAll(store: CellStore, range: Partial<BlockRange> = {}): Promise<StoredBlock[]> {
  const found: StoredBlock[] = [];
  const whole = { ...series, fromBucket: 0, toBucket: 2 ** 32, ...range };
  for await (const portion of store.scan(whole)) found.push(...portion);
  return found;
}

/** The numbers 0 to `count` - 1 in an order that is shuffled, and the same in each run. */
export function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  let state = 42;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (last + 1);
    [numbers[last], numbers[other]] = [numbers[other] as number, numbers[last] as number];
  }
  return numbers;
}
