import { Failure } from "@millrace/failure";
import { ByteReader, corrupt } from "../bytes/byte-reader.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import { type Header, readHeader, type WrittenSection, writeChecksum, writeHeader } from "./layout.ts";
import { type BlockSchema, type Cell, checkSchema } from "./schema.ts";
import { Section } from "./section.ts";

/** The cells of a block that changed between two offsets, with their new values. */
export type PartialBlock = {
  /** The offset of the block that `bytes` can be laid over. */
  readonly previousOff: number;
  /** The offset and write time of the block once it was. */
  readonly off: number;
  readonly wts: number;
  /** The changed cells, in the format of a block. */
  readonly bytes: Uint8Array;
};

/** What laying a partial block over a block came to: done, not needed any more, or not possible without what lies between. */
export type OverlayResult = "applied" | "older" | "gap";

const writer = new ByteWriter(64 * 1024);
const headerWriter = new ByteWriter();

/**
 * What is stored of a project's family, bucket, slot and source: the cells of its rollups, the offset of the last record
 * folded in (`off`) and the write time (`wts`). Not safe to use after a method threw.
 */
export class Block {
  readonly schema: BlockSchema;
  /** The cells, in the order of the schema's rollups. */
  readonly sections: readonly Section[];
  #off = -1;
  #wts = 0;
  #takenOff = -1;

  private constructor(schema: BlockSchema) {
    checkSchema(schema);
    this.schema = schema;
    this.sections = schema.rollups.map((rollup) => new Section(rollup));
  }

  /** A block that no record was folded into: offset -1, write time 0. */
  static empty(schema: BlockSchema): Block {
    return new Block(schema);
  }

  /** Reads what `encode` wrote. Throws a Failure `corrupt` on anything else. */
  static decode(schema: BlockSchema, bytes: Uint8Array): Block {
    const block = new Block(schema);
    const header = readHeader(schema, bytes);
    if (header.previousOff !== undefined) throw corrupt("a partial block stands where a whole one should");
    block.#read(header, bytes);
    block.#takenOff = block.#off;
    return block;
  }

  /** The offset of the last record folded in; -1 before the first. */
  get off(): number {
    return this.#off;
  }

  /** The write time, in microseconds: rises with every record. */
  get wts(): number {
    return this.#wts;
  }

  /** How many cells there are, those that were put together as one counted once. */
  get cellCount(): number {
    let cells = 0;
    for (const section of this.sections) cells += section.size + (section.other === undefined ? 0 : 1);
    return cells;
  }

  /** Roughly how many bytes of memory the block holds. */
  get approximateBytes(): number {
    let bytes = BLOCK_BYTES;
    for (const section of this.sections) bytes += SECTION_BYTES + section.heldBytes;
    return bytes;
  }

  /**
   * Merges `cell` into the cell of `tuple` in the rollup at `rollupIndex` of the schema. A tuple that is new once the
   * rollup has all its cells goes to `(other)`, and false is returned. `cell` is not kept.
   */
  merge(rollupIndex: number, tuple: string, cell: Cell): boolean {
    return this.sections[rollupIndex]!.merge(tuple, cell);
  }

  /** Marks the record at `offset`, appended at `appendTimeMs`, as folded in. A replayed offset is the caller's to skip. */
  advance(offset: number, appendTimeMs: number): void {
    if (offset <= this.#off) throw new Failure("internal", "INTERNAL", `offset ${offset} after ${this.#off}`);
    this.#off = offset;
    this.#wts = Math.max(this.#wts + 1, appendTimeMs * 1000);
  }

  /** The block's one form as bytes: equal contents, however reached, give equal bytes. */
  encode(): Uint8Array {
    return this.#write({ off: this.#off, wts: this.#wts });
  }

  /** The cells that changed since this was last called (or the block was made); undefined when no record came since. */
  takeTouched(): PartialBlock | undefined {
    const position = { previousOff: this.#takenOff, off: this.#off, wts: this.#wts };
    if (position.off === position.previousOff) return undefined;
    const bytes = this.#write(position);
    this.dropTouched();
    return { ...position, bytes };
  }

  /** Forgets which cells changed: what {@link Block.takeTouched} gives next is what comes from now on. */
  dropTouched(): void {
    for (const section of this.sections) section.clearTouched();
    this.#takenOff = this.#off;
  }

  /**
   * Lays the cells of a partial block over this one, where it continues at this block's offset: "applied". One that
   * ends at or before it is "older", one that starts elsewhere a "gap"; both change nothing. Throws a Failure `corrupt`
   * when the bytes are not a partial block.
   */
  overlay(partial: Uint8Array): OverlayResult {
    const header = readHeader(this.schema, partial);
    if (header.previousOff === undefined) throw corrupt("a whole block stands where a partial one should");
    if (header.off <= this.#off) return "older";
    if (header.previousOff !== this.#off) return "gap";
    this.#read(header, partial);
    this.#takenOff = this.#off;
    return "applied";
  }

  #read(header: Header, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    for (const entry of header.directory) {
      reader.seek(entry.from, entry.to);
      this.sections[entry.index]!.read(reader, entry.cells);
    }
    this.#off = header.off;
    this.#wts = header.wts;
  }

  #write(position: { off: number; wts: number; previousOff?: number }): Uint8Array {
    writer.clear();
    const touchedOnly = position.previousOff !== undefined;
    const written: WrittenSection[] = [];
    for (const section of this.sections) {
      if (touchedOnly ? !section.isTouched : section.size === 0 && section.other === undefined) continue;
      const from = writer.length;
      const cells = section.write(writer, touchedOnly);
      written.push({ number: section.schema.number, cells, bytes: writer.length - from });
    }
    headerWriter.clear();
    writeHeader(headerWriter, position, written);
    headerWriter.raw(writer.view());
    writeChecksum(headerWriter);
    return headerWriter.toBytes();
  }
}

/** What a block and each of its sections hold beside the cells; measured, like all these figures, on V8's heap. */
const BLOCK_BYTES = 256;
const SECTION_BYTES = 320;
