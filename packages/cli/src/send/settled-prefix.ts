/**
 * How far a file is settled: batches settle in any order, and only what lies before the first open one may be left out
 * when the file is sent again.
 */
export class SettledPrefix {
  #position: number;
  readonly #open: { readonly end: number; isSettled: boolean }[] = [];

  /** @param position the number of the first record that is not settled */
  constructor(position = 0) {
    this.#position = position;
  }

  /** The number of records, from the file's beginning, that are all settled. */
  get position(): number {
    return this.#position;
  }

  /**
   * Begins the next batch of the file.
   *
   * @param end the number of records up to and with its last one
   * @returns to be called once all of it is settled
   */
  begin(end: number): () => void {
    const batch = { end, isSettled: false };
    this.#open.push(batch);
    return () => {
      batch.isSettled = true;
      while (this.#open[0]?.isSettled === true) this.#position = Math.max(this.#position, this.#open.shift()!.end);
    };
  }
}
