import { LRUCache } from "lru-cache";

export type BoundedCacheOptions<V> = {
  /** How many values are kept. */
  readonly entriesMax: number;
  /** How many bytes the values kept may take. */
  readonly bytesMax: number;
  readonly sizeOf: (value: V) => number;
};

/**
 * What was used last, by a key, within two bounds. It takes the memory of what it holds: a cache of that many entries
 * that is told the number would take the room for all of them at once, and tens of milliseconds of every start.
 */
export class BoundedCache<V extends object> {
  readonly #entriesMax: number;
  readonly #values: LRUCache<string, V>;

  constructor({ entriesMax, bytesMax, sizeOf }: BoundedCacheOptions<V>) {
    this.#entriesMax = entriesMax;
    this.#values = new LRUCache({ maxSize: bytesMax, sizeCalculation: (value) => Math.max(1, sizeOf(value)) });
  }

  /** The value of a key, which counts as used. */
  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  /** The value of a key, as if nobody had looked. */
  peek(key: string): V | undefined {
    return this.#values.peek(key);
  }

  /** Keeps a value; what was unused for the longest goes. A value that is larger than all may be is not kept. */
  set(key: string, value: V): void {
    this.#values.set(key, value);
    if (this.#values.size > this.#entriesMax) this.#values.pop();
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
