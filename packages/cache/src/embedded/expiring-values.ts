/** A value and when it ends. */
type Entry = { readonly value: Uint8Array | number; readonly expiresAtMs: number; readonly bytes: number };

/** What an entry takes beside its key and value, estimated. */
const ENTRY_OVERHEAD_BYTES = 120;

/** Values by key, each with an end; the least recently used go first when the bound on bytes is reached. */
export class ExpiringValues {
  readonly #maxBytes: number;
  // A Map keeps the order of insertion, and a used entry is inserted anew: the first one is the least recently used.
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes all entries take, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAtMs <= nowMs) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry;
  }

  set(key: string, value: Uint8Array | number, expiresAtMs: number): void {
    this.delete(key);
    const valueBytes = typeof value === "number" ? 8 : value.length;
    const bytes = ENTRY_OVERHEAD_BYTES + 2 * key.length + valueBytes;
    this.#entries.set(key, { value, expiresAtMs, bytes });
    this.#bytes += bytes;
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
