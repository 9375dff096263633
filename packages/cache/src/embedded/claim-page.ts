/** 32-bit words of an entry: four of the id, three of the position. */
const ENTRY_WORDS = 7;
/** Bytes of an entry, in memory and on disk. */
export const ENTRY_BYTES = 4 * ENTRY_WORDS;

const MIN_ENTRIES = 8;
const MIN_INDEX = 16;
const GROWTH = 1.25;
const MAX_LOAD = 0.7;
/** What a page takes beside its arrays' contents: the objects themselves, estimated. */
const OBJECT_BYTES = 400;

/**
 * The claims of one slot and bucket in memory: entries in the order of their arrival, just as they are stored, and a
 * hash index over them. Some 40 bytes a claim. Words are in the machine's own byte order; only bytes are ever stored.
 */
export class ClaimPage {
  /** When it was last used, in calls of the store. */
  usedAt = 0;
  /** The sequence number of the page's next row on disk. */
  nextRow = 0;
  /** From how many rows it was loaded; those that were added since do not count. */
  loadedRows = 0;
  #entries = new Uint32Array(MIN_ENTRIES * ENTRY_WORDS);
  #index = new Uint32Array(MIN_INDEX);
  #count = 0;
  #stored = 0;
  /** Entries stored before that have changed since: released, or claimed again. Rare. */
  #changed: number[] = [];

  /** An estimate of the memory that the page takes. */
  get residentBytes(): number {
    return this.#entries.byteLength + this.#index.byteLength + OBJECT_BYTES;
  }

  /** The entry of the id whose words lie at `ids[at]`, or -1. */
  find(ids: Uint32Array, at: number): number {
    const mask = this.#index.length - 1;
    for (let i = ids[at + 1]! & mask; ; i = (i + 1) & mask) {
      const entry = this.#index[i]! - 1;
      if (entry < 0) return -1;
      const word = entry * ENTRY_WORDS;
      if (
        this.#entries[word] === ids[at] &&
        this.#entries[word + 1] === ids[at + 1] &&
        this.#entries[word + 2] === ids[at + 2] &&
        this.#entries[word + 3] === ids[at + 3]
      ) {
        return entry;
      }
    }
  }

  /** Claims an id for a position unless it has an owner, and copies the owner's position to `owners[ownerAt]`. */
  claim(ids: Uint32Array, idAt: number, positions: Uint32Array, positionAt: number, owners: Uint32Array): void {
    let entry = this.find(ids, idAt);
    if (entry < 0) {
      entry = this.#add(ids, idAt);
      this.#setPosition(entry, positions, positionAt);
    } else if (this.#isVacant(entry)) {
      this.#setPosition(entry, positions, positionAt);
      this.#change(entry);
    }
    this.#copyPosition(entry, owners, positionAt);
  }

  /** Copies the owner's position of an id to `owners[ownerAt]`, and leaves it alone when there is none. */
  lookup(ids: Uint32Array, idAt: number, owners: Uint32Array, ownerAt: number): void {
    const entry = this.find(ids, idAt);
    if (entry >= 0) this.#copyPosition(entry, owners, ownerAt);
  }

  /** Takes the owner from an id if it is the given position. */
  release(ids: Uint32Array, idAt: number, positions: Uint32Array, positionAt: number): void {
    const entry = this.find(ids, idAt);
    if (entry < 0 || this.#isVacant(entry)) return;
    const word = entry * ENTRY_WORDS + 4;
    for (let i = 0; i < 3; i++) if (this.#entries[word + i] !== positions[positionAt + i]) return;
    this.#entries.fill(0, word, word + 3);
    this.#change(entry);
  }

  /** Takes entries over as they were stored; a later one of the same id replaces an earlier one. */
  load(stored: Uint8Array): void {
    const words = wordsOf(stored);
    for (let at = 0; at + ENTRY_WORDS <= words.length; at += ENTRY_WORDS) {
      const known = this.find(words, at);
      this.#setPosition(known < 0 ? this.#add(words, at) : known, words, at + 4);
    }
    this.#stored = this.#count;
  }

  /** The entries that are not stored yet, as bytes; from now on they count as stored. Undefined when there are none. */
  takeUnstored(): Uint8Array | undefined {
    const fresh = this.#entries.subarray(this.#stored * ENTRY_WORDS, this.#count * ENTRY_WORDS);
    if (this.#changed.length === 0) {
      this.#stored = this.#count;
      return fresh.length === 0 ? undefined : bytesOf(fresh);
    }
    const changed = [...new Set(this.#changed)].filter((entry) => entry < this.#stored);
    const words = new Uint32Array(changed.length * ENTRY_WORDS + fresh.length);
    changed.forEach((entry, i) => {
      const from = entry * ENTRY_WORDS;
      words.set(this.#entries.subarray(from, from + ENTRY_WORDS), i * ENTRY_WORDS);
    });
    words.set(fresh, changed.length * ENTRY_WORDS);
    this.#changed = [];
    this.#stored = this.#count;
    return bytesOf(words);
  }

  /** All entries as bytes, to be stored in place of what was stored before. */
  all(): Uint8Array {
    return bytesOf(this.#entries.subarray(0, this.#count * ENTRY_WORDS));
  }

  /** How many ids have an owner. */
  countOwned(): number {
    let owned = 0;
    for (let entry = 0; entry < this.#count; entry++) if (!this.#isVacant(entry)) owned++;
    return owned;
  }

  #add(ids: Uint32Array, at: number): number {
    if (this.#count * ENTRY_WORDS === this.#entries.length) this.#growEntries();
    if (this.#count + 1 > this.#index.length * MAX_LOAD) this.#growIndex();
    const entry = this.#count++;
    const word = entry * ENTRY_WORDS;
    for (let i = 0; i < 4; i++) this.#entries[word + i] = ids[at + i]!;
    this.#addToIndex(entry);
    return entry;
  }

  #addToIndex(entry: number): void {
    const mask = this.#index.length - 1;
    let i = this.#entries[entry * ENTRY_WORDS + 1]! & mask;
    while (this.#index[i] !== 0) i = (i + 1) & mask;
    this.#index[i] = entry + 1;
  }

  #growEntries(): void {
    const grown = new Uint32Array(Math.ceil(this.#count * GROWTH) * ENTRY_WORDS);
    grown.set(this.#entries);
    this.#entries = grown;
  }

  #growIndex(): void {
    this.#index = new Uint32Array(this.#index.length * 2);
    for (let entry = 0; entry < this.#count; entry++) this.#addToIndex(entry);
  }

  #change(entry: number): void {
    if (entry < this.#stored) this.#changed.push(entry);
  }

  /** A position is never all zero, as its generation is at least 1: zeros are an id without owner. */
  #isVacant(entry: number): boolean {
    const word = entry * ENTRY_WORDS + 4;
    return this.#entries[word] === 0 && this.#entries[word + 1] === 0 && this.#entries[word + 2] === 0;
  }

  #setPosition(entry: number, positions: Uint32Array, at: number): void {
    const word = entry * ENTRY_WORDS + 4;
    for (let i = 0; i < 3; i++) this.#entries[word + i] = positions[at + i]!;
  }

  #copyPosition(entry: number, owners: Uint32Array, at: number): void {
    const word = entry * ENTRY_WORDS + 4;
    for (let i = 0; i < 3; i++) owners[at + i] = this.#entries[word + i]!;
  }
}

/** The bytes as words, without a copy where they are aligned. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  // A copy by the constructor: the slice of a Buffer would be a view of the same memory.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
