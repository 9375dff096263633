import type { State } from "../aggregation/state.ts";
import { ByteReader, corrupt } from "../bytes/byte-reader.ts";
import { type DirectoryEntry, readHeader } from "./layout.ts";
import type { BlockSchema, Cell, RollupSchema } from "./schema.ts";
import type { TupleDirectory } from "./tuple-directory.ts";

/** The wanted part of a stored block. */
export type BlockSections = {
  /** The offset of the last record folded in, and the write time in microseconds. */
  readonly off: number;
  readonly wts: number;
  /** A cursor for each wanted rollup that has a cell, by rising number. */
  readonly sections: readonly SectionCursor[];
};

/**
 * Opens the sections of `rollupNumbers` in the bytes of a whole block, without reading the others or making objects of
 * its cells. Throws a Failure `corrupt` when the bytes are not a block of `schema`.
 */
export function readSections(schema: BlockSchema, bytes: Uint8Array, rollupNumbers: readonly number[]): BlockSections {
  const header = readHeader(schema, bytes);
  if (header.previousOff !== undefined) throw corrupt("a partial block stands where a whole one should");
  const sections: SectionCursor[] = [];
  for (const entry of header.directory) {
    const rollup = schema.rollups[entry.index]!;
    if (rollupNumbers.includes(rollup.number)) sections.push(new SectionCursor(rollup, bytes, entry));
  }
  return { off: header.off, wts: header.wts, sections };
}

/**
 * Goes through the cells of one section, by rising tuple, once:
 *
 *     while (cursor.next()) cursor.mergeInto(totals.get(cursor.tuple) ?? ...);
 *
 * Each cell is taken at most once, by `read` or `mergeInto`; one that is not taken is passed over.
 */
export class SectionCursor {
  readonly rollup: RollupSchema;
  /** How many cells there are, without `(other)`. */
  readonly size: number;
  /** How many cells were merged into `(other)`; 0 when there is none. */
  readonly otherMerges: number;
  /** What came after the rollup's limit was reached. */
  readonly other: Cell | undefined;
  /** The tuple of the cell that `next` went to. */
  tuple = "";
  readonly #reader: ByteReader;
  #seen = 0;
  #isTaken = true;

  constructor(rollup: RollupSchema, bytes: Uint8Array, entry: DirectoryEntry) {
    if (entry.cells > rollup.maxCells) throw corrupt("a section has more cells than it may");
    this.rollup = rollup;
    this.size = entry.cells;
    this.#reader = new ByteReader(bytes, entry.from, entry.to);
    this.otherMerges = this.#reader.varint();
    if (this.otherMerges === 0 && this.size === 0) throw corrupt("a section without cells is written");
    this.other = this.otherMerges > 0 ? this.#readCell() : undefined;
  }

  /** Goes to the next cell; false after the last. */
  next(): boolean {
    if (!this.#advance()) return false;
    const last = this.tuple;
    this.tuple = this.#reader.text();
    if (this.#seen > 1 && this.tuple <= last) throw corrupt("the cells of a section are out of order");
    return true;
  }

  /**
   * Goes to the next cell as `next` does, and gives its tuple's number in a directory, -1 after the last; `tuple` is not
   * set. For readers of many blocks: three times as fast.
   */
  nextIn(directory: TupleDirectory): number {
    return this.#advance() ? this.#reader.textIn(directory) : -1;
  }

  /** The cell, as a new object. */
  read(): Cell {
    this.#take();
    return this.#readCell();
  }

  /** Merges the cell's states into those of `into` at the same index; where that has none, the state is passed over. */
  mergeInto(into: readonly (State | undefined)[]): void {
    this.#take();
    const kinds = this.rollup.kinds;
    for (let i = 0; i < kinds.length; i++) {
      const state = into[i];
      if (state === undefined) kinds[i]!.skip(this.#reader);
      else state.merge(kinds[i]!.read(this.#reader));
    }
  }

  #advance(): boolean {
    if (!this.#isTaken) for (const kind of this.rollup.kinds) kind.skip(this.#reader);
    this.#isTaken = this.#seen === this.size;
    if (this.#isTaken) {
      this.#reader.end();
      return false;
    }
    this.#seen += 1;
    return true;
  }

  #take(): void {
    if (this.#isTaken) throw new TypeError("a cursor's cell is taken once, after next()");
    this.#isTaken = true;
  }

  #readCell(): Cell {
    return this.rollup.kinds.map((kind) => kind.read(this.#reader));
  }
}
