/** What a sample may hold at most. One item is held whatever its size. */
export type SampleLimits = { readonly itemsMax: number; readonly bytesMax: number };

/** What was taken out of a sample. */
export type Taken<T> = {
  /** The items, in the order in which they came. */
  readonly items: readonly T[];
  /** How many more had come since the last time. */
  readonly skipped: number;
};

type Held<T> = { readonly item: T; readonly bytes: number; readonly order: number };

/**
 * A sample of a stream whose length is not known: each item that came since the last `take` is as likely to be in it as
 * any other, and the rest is counted exactly. (Algorithm R of J. Vitter, "Random Sampling with a Reservoir", 1985. Where
 * bytes are short, items go by lot, and the room for items shrinks to what is left.)
 */
export class Sample<T> {
  readonly #limits: SampleLimits;
  readonly #random: () => number;
  #held: Held<T>[] = [];
  #bytes = 0;
  #room: number;
  #seen = 0;
  /** Of those that came, how many were only counted. */
  #lost = 0;
  #place = 0;

  /** @param random gives numbers from 0 to 1, 1 exclusive */
  constructor(limits: SampleLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
    this.#room = limits.itemsMax;
  }

  /** Whether nothing has come since the last `take`. */
  get isEmpty(): boolean {
    return this.#seen === 0 && this.#lost === 0;
  }

  /** The bytes of what it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts one item that has come. True when it is wanted: then `put` must follow, before anything else. */
  wants(): boolean {
    this.#seen += 1;
    this.#place = this.#held.length < this.#room ? this.#held.length : Math.floor(this.#random() * this.#seen);
    return this.#place < this.#room;
  }

  /** Puts in the item that was wanted. */
  put(item: T, bytes: number): void {
    this.#bytes += bytes - (this.#held[this.#place]?.bytes ?? 0);
    this.#held[this.#place] = { item, bytes, order: this.#seen };
    while (this.#bytes > this.#limits.bytesMax && this.#held.length > 1) {
      this.#dropOne();
      this.#room = this.#held.length;
    }
  }

  /** Counts items that have come, and that nobody can put in any more. */
  skip(count: number): void {
    this.#lost += count;
  }

  /** Empties it, and gives what it held: by lot no more than the limits. */
  take(limits: Partial<SampleLimits> = {}): Taken<T> {
    const { itemsMax = Number.POSITIVE_INFINITY, bytesMax = Number.POSITIVE_INFINITY } = limits;
    while (this.#held.length > 0 && (this.#held.length > itemsMax || this.#bytes > bytesMax)) this.#dropOne();
    const items = this.#held.sort((a, b) => a.order - b.order).map(({ item }) => item);
    const skipped = this.#seen + this.#lost - items.length;
    this.#held = [];
    this.#bytes = 0;
    this.#seen = 0;
    this.#lost = 0;
    this.#room = this.#limits.itemsMax;
    return { items, skipped };
  }

  #dropOne(): void {
    const at = Math.floor(this.#random() * this.#held.length);
    const [dropped] = this.#held.splice(at, 1, this.#held.at(-1)!);
    this.#held.pop();
    this.#bytes -= dropped!.bytes;
  }
}
