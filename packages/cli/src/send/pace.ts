type Sample = { readonly atMs: number; readonly bytes: number; readonly rows: number };

const WINDOW_MS = 10_000;
const SAMPLES_MAX = 200;
/** Before that much time a guess would jump about. */
const GUESS_AFTER_MS = 1_000;

/** How fast sending is: over the last ten seconds, so that a wait shows, and so does its end. */
export class Pace {
  readonly #samples: Sample[] = [];
  #passedOver = 0;

  /**
   * Adds what there is at a moment: bytes of the file, rows that were sent, and rows that were passed over since an
   * earlier run had sent them, all counted from the file's beginning.
   */
  add(atMs: number, bytes: number, rows: number, passedOver = 0): void {
    if (passedOver !== this.#passedOver) this.#forgetBytes(bytes);
    this.#passedOver = passedOver;
    this.#samples.push({ atMs, bytes, rows });
    // One that is older than the window stays: with rare samples there would be nothing to compare with.
    while (
      this.#samples.length > SAMPLES_MAX ||
      (this.#samples.length > 2 && atMs - this.#samples[1]!.atMs >= WINDOW_MS)
    ) {
      this.#samples.shift();
    }
  }

  /** Rows a second; 0 while that is not known. */
  get rowsPerSecond(): number {
    return this.#perSecond("rows");
  }

  /** How long the rest of `size` bytes takes at this pace; undefined while nobody knows. */
  remainingMs(size: number): number | undefined {
    const last = this.#samples.at(-1);
    const speed = this.#perSecond("bytes");
    if (last === undefined || speed === 0 || last.atMs - this.#samples[0]!.atMs < GUESS_AFTER_MS) return undefined;
    return (Math.max(0, size - last.bytes) / speed) * 1_000;
  }

  /** Bytes that are passed over go by in no time, and would promise the same of the rest. */
  #forgetBytes(bytes: number): void {
    for (const [at, sample] of this.#samples.entries()) this.#samples[at] = { ...sample, bytes };
  }

  #perSecond(what: "bytes" | "rows"): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((last[what] - first[what]) / (last.atMs - first.atMs)) * 1_000;
  }
}

/** A length of time that is a guess: 8 s, 3 min, 1 h 20 min. */
export function roughly(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
