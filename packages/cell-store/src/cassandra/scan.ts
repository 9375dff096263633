import { inParallel } from "@millrace/cassandra";
import type { BlockKey, BlockRange, StoredBlock } from "../cell-store.ts";
import type { BlockTable, LaneOfEra } from "./block-table.ts";
import type { Directory } from "./directory.ts";
import { BUCKETS_PER_ERA, eraMinutes, tierOf } from "./era.ts";

const PORTION_BLOCKS = 256;
const PORTION_BYTES = 4 * 1024 * 1024;
/** What is held in memory at a time, by the size that blocks have had so far. */
const HELD_BYTES = 16 * 1024 * 1024;
const HELD_PARTITIONS = 256;
const ERAS_AT_A_TIME = 32;
const REQUESTS_AT_A_TIME = 128;
const FIRST_GUESS_BYTES = 16 * 1024;

/** One scan of a range: partitions read in parallel, blocks given in the order of their buckets. */
export class BlockScan {
  readonly #table: BlockTable;
  readonly #directory: Directory;
  readonly #range: BlockRange;
  readonly #signal: AbortSignal | undefined;
  #blocks = 1;
  #bytes = FIRST_GUESS_BYTES;

  constructor(table: BlockTable, directory: Directory, range: BlockRange, signal: AbortSignal | undefined) {
    this.#table = table;
    this.#directory = directory;
    this.#range = range;
    this.#signal = signal;
  }

  async *portions(): AsyncGenerator<readonly StoredBlock[], void, undefined> {
    const { fromBucket, toBucket } = this.#range;
    const span = eraMinutes(tierOf(this.#range.granularity));
    const [from, to] = [Math.floor(fromBucket / span), Math.floor((toBucket - 1) / span)];
    const eras = await this.#directory.eras(this.#range, from, to, this.#signal);
    for (let at = 0; at < eras.length; at += ERAS_AT_A_TIME) {
      let together: LaneOfEra[] = [];
      for (const lanes of await this.#lanes(eras.slice(at, at + ERAS_AT_A_TIME))) {
        if (together.length > 0 && together.length + lanes.length > this.#partitionsAtATime()) {
          yield* this.#whole(together);
          together = [];
        }
        if (lanes.length > this.#partitionsAtATime()) yield* this.#wide(lanes);
        else together = [...together, ...lanes];
      }
      if (together.length > 0) yield* this.#whole(together);
    }
  }

  /** The partitions of each era. */
  async #lanes(eras: readonly number[]): Promise<LaneOfEra[][]> {
    const slots = this.#range.slots && new Set(this.#range.slots);
    const found: LaneOfEra[][] = eras.map(() => []);
    await inParallel(eras, REQUESTS_AT_A_TIME, async (era, index) => {
      const lanes = await this.#directory.lanes(this.#range, era, slots, this.#signal);
      found[index] = lanes.map((lane) => ({ era, lane }));
    });
    return found;
  }

  /** Eras whose blocks fit into memory: each partition is one request. */
  async *#whole(partitions: readonly LaneOfEra[]): AsyncGenerator<readonly StoredBlock[], void, undefined> {
    const { fromBucket, toBucket } = this.#range;
    const blocks: StoredBlock[] = [];
    await inParallel(partitions, REQUESTS_AT_A_TIME, async (at) => {
      blocks.push(...(await this.#table.slice(this.#range, at, fromBucket, toBucket, this.#signal)));
    });
    yield* this.#cut(blocks.sort((a, b) => a.key.bucket - b.key.bucket));
  }

  /** An era of more lanes than that: the keys first, then the blocks in their order. */
  async *#wide(partitions: readonly LaneOfEra[]): AsyncGenerator<readonly StoredBlock[], void, undefined> {
    const { fromBucket, toBucket } = this.#range;
    const keys: BlockKey[] = [];
    await inParallel(partitions, REQUESTS_AT_A_TIME, async (at) => {
      keys.push(...(await this.#table.keys(this.#range, at, fromBucket, toBucket, this.#signal)));
    });
    keys.sort((a, b) => a.bucket - b.bucket);
    for (let at = 0, count = 0; at < keys.length; at += count) {
      count = this.#blocksAtATime();
      const found = await this.#table.readMany(keys.slice(at, at + count), this.#signal);
      yield* this.#cut(found.filter((block) => block !== undefined));
    }
  }

  *#cut(blocks: readonly StoredBlock[]): Generator<readonly StoredBlock[], void, undefined> {
    let portion: StoredBlock[] = [];
    let bytes = 0;
    for (const block of blocks) {
      portion.push(block);
      bytes += block.blob.byteLength;
      this.#blocks++;
      this.#bytes += block.blob.byteLength;
      if (portion.length < PORTION_BLOCKS && bytes < PORTION_BYTES) continue;
      yield portion;
      portion = [];
      bytes = 0;
    }
    if (portion.length > 0) yield portion;
  }

  #blocksAtATime(): number {
    const blocks = Math.floor((HELD_BYTES * this.#blocks) / this.#bytes);
    return Math.min(HELD_PARTITIONS * BUCKETS_PER_ERA, Math.max(BUCKETS_PER_ERA, blocks));
  }

  #partitionsAtATime(): number {
    return Math.min(HELD_PARTITIONS, Math.floor(this.#blocksAtATime() / BUCKETS_PER_ERA));
  }
}
