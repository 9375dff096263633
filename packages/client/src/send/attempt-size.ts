const FIRST_BYTES = 256 * 1024;
const LEAST_BYTES = 64 * 1024;
const QUICK_MS = 1000;
const SLOW_MS = 5000;

/**
 * How many bytes an attempt may hold. On a slow line a large one has no answer for so long that the connection is taken
 * for dead, and all of it is sent again. So attempts begin small, double while the answers come quickly, and are halved
 * when they are slow or fail.
 */
export class AttemptSize {
  readonly #most: number;
  #bytes: number;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
    this.#bytes = Math.min(FIRST_BYTES, mostBytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** An attempt with so many bytes was answered so long after it was ended. */
  answered(bytes: number, tookMs: number): void {
    if (tookMs > SLOW_MS) this.failed(bytes);
    else if (tookMs < QUICK_MS && bytes * 2 >= this.#bytes) this.#bytes = Math.min(this.#most, this.#bytes * 2);
  }

  /** An attempt with so many bytes failed. */
  failed(bytes: number): void {
    if (bytes * 2 >= this.#bytes) this.#bytes = Math.min(this.#most, Math.max(LEAST_BYTES, this.#bytes / 2));
  }
}
