import type { ByteReader } from "../bytes/byte-reader.ts";
import { corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { type Cell, emptyCell, mergeCell, type RollupSchema } from "./schema.ts";

/** A cell as a section keeps it. */
class StoredCell {
  /** The dimension values; "" also for the `(other)` cell. */
  readonly tuple: string;
  readonly cell: Cell;
  /** Whether it is in the section's list of touched cells, and which comes after it there. */
  touched = false;
  nextTouched: StoredCell | undefined = undefined;

  constructor(tuple: string, cell: Cell) {
    this.tuple = tuple;
    this.cell = cell;
  }
}

/** The cells of one rollup in a block, with the cardinality rule: the first `maxCells` tuples are kept. */
export class Section {
  readonly schema: RollupSchema;
  readonly #cells = new Map<string, StoredCell>();
  #other: StoredCell | undefined;
  #otherMerges = 0;
  #firstTouched: StoredCell | undefined;
  #sorted: StoredCell[] | undefined;
  #heldBytes = 0;

  constructor(schema: RollupSchema) {
    this.schema = schema;
  }

  /** How many tuples have a cell of their own. */
  get size(): number {
    return this.#cells.size;
  }

  /** What came after the limit was reached; absent while nothing did. */
  get other(): Cell | undefined {
    return this.#other?.cell;
  }

  /** How many cells were merged into `other`. */
  get otherMerges(): number {
    return this.#otherMerges;
  }

  /** Roughly how many bytes of memory the cells hold. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether any cell was changed since the changes were last taken. */
  get isTouched(): boolean {
    return this.#firstTouched !== undefined;
  }

  /** The cell of a tuple; the caller does not change it. */
  get(tuple: string): Cell | undefined {
    return this.#cells.get(tuple)?.cell;
  }

  /** Every tuple with its cell, by rising tuple, without `other`. The caller does not change them. */
  *entries(): Generator<readonly [string, Cell]> {
    for (const stored of this.#inOrder()) yield [stored.tuple, stored.cell];
  }

  /** Merges `cell` into the tuple's cell, or where the limit is reached into `other` (and returns false). */
  merge(tuple: string, cell: Cell): boolean {
    const stored = this.#cells.get(tuple) ?? this.#adopt(tuple);
    this.#mergeInto(stored, cell);
    if (stored !== this.#other) return true;
    this.#otherMerges += 1;
    return false;
  }

  /** Writes the touched cells, or all of them. */
  write(writer: ByteWriter, touchedOnly: boolean): number {
    const other = this.#other;
    const withOther = other !== undefined && (!touchedOnly || other.touched);
    writer.varint(withOther ? this.#otherMerges : 0);
    if (withOther) writeStates(writer, other.cell);
    const cells = touchedOnly ? inOrder(this.#touchedCells().filter((stored) => stored !== other)) : this.#inOrder();
    for (const stored of cells) {
      writer.text(stored.tuple);
      writeStates(writer, stored.cell);
    }
    return cells.length;
  }

  /** Forgets which cells were touched. */
  clearTouched(): void {
    for (const stored of this.#touchedCells()) {
      stored.touched = false;
      stored.nextTouched = undefined;
    }
    this.#firstTouched = undefined;
  }

  /** Reads `count` cells that `write` wrote, in place of those with the same tuples. */
  read(reader: ByteReader, count: number): void {
    if (count > this.schema.maxCells) throw corrupt("a section has more cells than it may");
    const otherMerges = reader.varint();
    if (otherMerges > 0) {
      this.#otherMerges = otherMerges;
      this.#other = this.#place(new StoredCell("", readStates(reader, this.schema)), this.#other);
    }
    if (otherMerges === 0 && count === 0) throw corrupt("a section without cells is written");
    const fresh = this.#cells.size === 0;
    let last: string | undefined;
    const read = new Array<StoredCell>(fresh ? count : 0);
    for (let i = 0; i < count; i++) {
      const tuple = reader.text();
      if (last !== undefined && tuple <= last) throw corrupt("the cells of a section are out of order");
      last = tuple;
      const stored = this.#place(new StoredCell(tuple, readStates(reader, this.schema)), this.#cells.get(tuple));
      this.#cells.set(tuple, stored);
      if (fresh) read[i] = stored;
    }
    reader.end();
    if (this.#cells.size > this.schema.maxCells) throw corrupt("a section has more cells than it may");
    this.#sorted = fresh ? read : undefined;
  }

  /** Counts the memory of a cell that takes the place of `former`. */
  #place(stored: StoredCell, former: StoredCell | undefined): StoredCell {
    this.#heldBytes += cellBytes(stored) - (former === undefined ? 0 : cellBytes(former));
    return stored;
  }

  /** The cell for a tuple that has none: its own while there is room, else `other`. */
  #adopt(tuple: string): StoredCell {
    // Text that UTF-8 cannot carry would be another tuple once it was stored.
    if (!tuple.isWellFormed()) {
      const repaired = tuple.toWellFormed();
      return this.#cells.get(repaired) ?? this.#adopt(repaired);
    }
    if (this.#cells.size >= this.schema.maxCells) {
      this.#other ??= this.#place(new StoredCell("", emptyCell(this.schema)), undefined);
      return this.#other;
    }
    const stored = this.#place(new StoredCell(tuple, emptyCell(this.schema)), undefined);
    this.#cells.set(tuple, stored);
    this.#sorted = undefined;
    return stored;
  }

  #mergeInto(stored: StoredCell, cell: Cell): void {
    if (!stored.touched) {
      stored.touched = true;
      stored.nextTouched = this.#firstTouched;
      this.#firstTouched = stored;
    }
    const before = this.#growingBytes(stored.cell);
    mergeCell(stored.cell, cell);
    this.#heldBytes += this.#growingBytes(stored.cell) - before;
  }

  #growingBytes(cell: Cell): number {
    let bytes = 0;
    const kinds = this.schema.kinds;
    for (let i = 0; i < kinds.length; i++) if (kinds[i]!.grows) bytes += cell[i]!.heldBytes;
    return bytes;
  }

  #touchedCells(): StoredCell[] {
    const cells: StoredCell[] = [];
    for (let stored = this.#firstTouched; stored !== undefined; stored = stored.nextTouched) cells.push(stored);
    return cells;
  }

  #inOrder(): StoredCell[] {
    this.#sorted ??= inOrder([...this.#cells.values()]);
    return this.#sorted;
  }
}

/** Roughly what a cell costs beside its states: the map's entry, the objects, the tuple's header. */
const CELL_BYTES = 176;

function cellBytes(stored: StoredCell): number {
  let bytes = CELL_BYTES + stored.tuple.length;
  for (const state of stored.cell) bytes += state.heldBytes;
  return bytes;
}

function inOrder(cells: StoredCell[]): StoredCell[] {
  return cells.sort((a, b) => (a.tuple < b.tuple ? -1 : 1));
}

function writeStates(writer: ByteWriter, cell: Cell): void {
  for (const state of cell) state.write(writer);
}

function readStates(reader: ByteReader, schema: RollupSchema): Cell {
  return schema.kinds.map((kind) => kind.read(reader));
}
