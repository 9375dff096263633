/**
 * A bounded table of short strings by the hash of their bytes: keys and values repeat from event to event, and finding
 * the string of the time before costs a fraction of making it again. A later string replaces an earlier one of the same
 * place, so memory stays bounded whatever is sent.
 */
export class Interner {
  readonly #mask: number;
  readonly #texts: (string | undefined)[];
  readonly #bytes: (Uint8Array | undefined)[];

  /** @param bits the table has 2^bits places */
  constructor(bits: number) {
    this.#mask = (1 << bits) - 1;
    this.#texts = new Array(1 << bits).fill(undefined);
    this.#bytes = new Array(1 << bits).fill(undefined);
  }

  /** The text of `buffer[from, to)`, which is UTF-8. */
  text(buffer: Buffer, from: number, to: number): string {
    let hash = 0x811c9dc5 ^ (to - from);
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ buffer[i]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & this.#mask;
    const known = this.#bytes[place];
    if (known !== undefined && equalBytes(known, buffer, from, to)) return this.#texts[place]!;
    const text = buffer.toString("utf8", from, to);
    this.#bytes[place] = Uint8Array.prototype.slice.call(buffer, from, to);
    this.#texts[place] = text;
    return text;
  }
}

function equalBytes(known: Uint8Array, buffer: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== buffer[from + i]) return false;
  return true;
}
