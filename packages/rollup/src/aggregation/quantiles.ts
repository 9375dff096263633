import type { ByteReader } from "../bytes/byte-reader.ts";
import { corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { MAX_KEY, sketchKey, sketchValue } from "./sketch-index.ts";
import { type State, type StateKind, wrongInput } from "./state.ts";

/** Any quantile of numbers, by DDSketch: how many values fell into each bucket of values within 1 % of each other. */
export class QuantilesState implements State {
  /** The keys of the buckets that are not empty, rising, and how many values each holds. */
  #keys: number[];
  #counts: number[];
  /** How many values there were. */
  count: number;
  /** How many values were left out: not finite. */
  excluded: number;

  constructor(keys: number[] = [], counts: number[] = [], excluded = 0) {
    this.#keys = keys;
    this.#counts = counts;
    this.count = counts.reduce((sum, count) => sum + count, 0);
    this.excluded = excluded;
  }

  get heldBytes(): number {
    return 240 + 16 * this.#keys.length;
  }

  /** The relative error of `quantile` for magnitudes from 10^-6 to 10^12. */
  get relativeError(): number {
    return 0.01;
  }

  /**
   * The value below which the fraction `q`, 0 to 1, of all values lies: that of rank floor(q (count - 1)), from 0, to
   * within 1 %. Magnitudes below 2^-20 answer as 0, from 2^40 on as 2^40. Undefined when there was no value.
   */
  quantile(q: number): number | undefined {
    if (this.count === 0) return undefined;
    const rank = Math.floor(q * (this.count - 1));
    let below = 0;
    for (let i = 0; i < this.#keys.length; i++) {
      below += this.#counts[i]!;
      if (below > rank) return sketchValue(this.#keys[i]!);
    }
    return undefined;
  }

  merge(other: QuantilesState): void {
    this.count += other.count;
    this.excluded += other.excluded;
    if (other.#keys.length * MERGE_RATIO < this.#keys.length) {
      for (let i = 0; i < other.#keys.length; i++) this.#add(other.#keys[i]!, other.#counts[i]!);
    } else {
      this.#mergeSorted(other);
    }
  }

  write(writer: ByteWriter): void {
    const keys = this.#keys;
    writer.varint(this.excluded);
    writer.varint(keys.length);
    if (keys.length > 0) writer.signed(keys[0]!);
    for (let i = 0; i < keys.length; i++) {
      const distance = i + 1 < keys.length ? keys[i + 1]! - keys[i]! : 1;
      writer.varint(this.#counts[i]! * 2 + (distance === 1 ? 0 : 1));
      if (distance > 1) writer.varint(distance - 2);
    }
  }

  addOne(): never {
    throw wrongInput("quantiles", "event");
  }

  addNumber(value: number): void {
    if (!Number.isFinite(value)) {
      this.excluded += 1;
      return;
    }
    this.count += 1;
    this.#add(sketchKey(value), 1);
  }

  addHash(): never {
    throw wrongInput("quantiles", "hash");
  }

  #add(key: number, count: number): void {
    const keys = this.#keys;
    let from = 0;
    let to = keys.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (keys[middle]! < key) from = middle + 1;
      else to = middle;
    }
    if (keys[from] === key) {
      this.#counts[from]! += count;
    } else if (from === keys.length) {
      keys.push(key);
      this.#counts.push(count);
    } else {
      keys.splice(from, 0, key);
      this.#counts.splice(from, 0, count);
    }
  }

  /** Adds to the buckets that are there, then makes room for the others from the far end, in place. */
  #mergeSorted(other: QuantilesState): void {
    const keys = this.#keys;
    const counts = this.#counts;
    const missing: number[] = [];
    for (let j = 0, i = 0; j < other.#keys.length; j++) {
      const key = other.#keys[j]!;
      while (i < keys.length && keys[i]! < key) i += 1;
      if (keys[i] === key) counts[i]! += other.#counts[j]!;
      else missing.push(j);
    }
    let from = keys.length - 1;
    for (let m = 0; m < missing.length; m++) {
      keys.push(0);
      counts.push(0);
    }
    for (let to = keys.length - 1, m = missing.length - 1; m >= 0; to--) {
      const key = other.#keys[missing[m]!]!;
      if (from >= 0 && keys[from]! > key) {
        keys[to] = keys[from]!;
        counts[to] = counts[from]!;
        from -= 1;
      } else {
        keys[to] = key;
        counts[to] = other.#counts[missing[m]!]!;
        m -= 1;
      }
    }
  }
}

/** From this many times fewer buckets on, looking each up beats going through all. */
const MERGE_RATIO = 8;

function readQuantiles(reader: ByteReader): QuantilesState {
  const excluded = reader.varint();
  const size = readSize(reader);
  const keys = new Array<number>(size);
  const counts = new Array<number>(size);
  let key = 0;
  let distance = 0;
  for (let i = 0; i < size; i++) {
    key = i === 0 ? Number(reader.signed(2)) : key + distance;
    const entry = reader.varint();
    keys[i] = key;
    counts[i] = Math.floor(entry / 2);
    if (entry < 2) throw corrupt("an empty bucket is written");
    distance = entry % 2 === 0 ? 1 : reader.varint() + 2;
  }
  if (size > 0 && (keys[0]! < -MAX_KEY || key > MAX_KEY)) throw corrupt("a bucket is out of range");
  if (size > 0 && distance !== 1) throw corrupt("a bucket is missing");
  return new QuantilesState(keys, counts, excluded);
}

function skipQuantiles(reader: ByteReader): void {
  reader.skipVarint();
  const size = readSize(reader);
  if (size > 0) reader.skipVarint();
  for (let i = 0; i < size; i++) {
    if (reader.varint() % 2 === 1) reader.skipVarint();
  }
}

function readSize(reader: ByteReader): number {
  const size = reader.varint();
  if (size > MAX_BUCKETS) throw corrupt("there are more buckets than can be");
  return size;
}

const MAX_BUCKETS = 2 * MAX_KEY + 1;

/** Keeps quantiles. */
export const quantilesKind: StateKind<QuantilesState> = {
  name: "quantiles",
  input: "number",
  // Four bytes a bucket hold 2^27 values: with every bucket in use, 2^36 values before one takes more on average.
  maxBytes: 8 + 2 + 2 + MAX_BUCKETS * 4,
  grows: true,
  create: () => new QuantilesState(),
  read: readQuantiles,
  skip: skipQuantiles,
};
