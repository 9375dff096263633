import { crc32 } from "node:zlib";
import { ByteReader, corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import type { BlockSchema } from "./schema.ts";

/** The first byte of a block; a new one for each change of the layout, docs/formats/block.md. */
const FORMAT = 1;

const FLAG_PARTIAL = 1;

/** What stands before the sections of a block. */
export type Header = {
  /** The offset of the last record folded in; -1 before the first. */
  readonly off: number;
  /** The write time, in microseconds. */
  readonly wts: number;
  /** For a partial block: the offset that the block must be at. Absent for a whole one. */
  readonly previousOff?: number;
  /** Where the sections are, by rising rollup number. */
  readonly directory: readonly DirectoryEntry[];
};

/** Where one section is. */
export type DirectoryEntry = {
  /** Which of the schema's rollups it is of. */
  readonly index: number;
  /** How many cells it has, without `(other)`. */
  readonly cells: number;
  /** Its bytes, `[from, to)` of the block. */
  readonly from: number;
  readonly to: number;
};

/** A section to be written: `bytes` long, its number and cells as in the directory. */
export type WrittenSection = { readonly number: number; readonly cells: number; readonly bytes: number };

/** Writes a header. */
export function writeHeader(
  writer: ByteWriter,
  position: { readonly off: number; readonly wts: number; readonly previousOff?: number },
  sections: readonly WrittenSection[],
): void {
  writer.byte(FORMAT);
  writer.byte(position.previousOff === undefined ? 0 : FLAG_PARTIAL);
  writer.varint(position.off + 1);
  writer.varint(position.wts);
  if (position.previousOff !== undefined) writer.varint(position.previousOff + 1);
  writer.varint(sections.length);
  for (const section of sections) {
    writer.varint(section.number);
    writer.varint(section.cells);
    writer.varint(section.bytes);
  }
}

/** Writes the checksum over everything that was written before. */
export function writeChecksum(writer: ByteWriter): void {
  writer.fixed32(crc32(writer.view()));
}

/** Checks the checksum and reads the header. Throws a Failure `corrupt` when the bytes are not a block of `schema`. */
export function readHeader(schema: BlockSchema, bytes: Uint8Array): Header {
  const end = bytes.length - 4;
  if (end < 0) throw corrupt("a block ends too early");
  if (bytes[0] !== FORMAT) throw corrupt(`a block has the unknown format ${bytes[0]}`);
  if (new ByteReader(bytes, end).fixed32() !== crc32(bytes.subarray(0, end))) {
    throw corrupt("a block's checksum is wrong");
  }
  const reader = new ByteReader(bytes, 1, end);
  const flags = reader.byte();
  if (flags > FLAG_PARTIAL) throw corrupt(`a block has unknown flags ${flags}`);
  const off = reader.varint() - 1;
  const wts = reader.varint();
  if (flags !== FLAG_PARTIAL) return { off, wts, directory: readDirectory(schema, reader) };
  const previousOff = reader.varint() - 1;
  if (previousOff >= off) throw corrupt("a partial block ends before it starts");
  return { off, wts, previousOff, directory: readDirectory(schema, reader) };
}

function readDirectory(schema: BlockSchema, reader: ByteReader): DirectoryEntry[] {
  const count = reader.varint();
  if (count > schema.rollups.length) throw corrupt("a block has more sections than its family has rollups");
  const lengths: { index: number; cells: number; bytes: number }[] = [];
  let index = -1;
  for (let i = 0; i < count; i++) {
    const number = reader.varint();
    index += 1;
    while (index < schema.rollups.length && schema.rollups[index]!.number < number) index += 1;
    if (schema.rollups[index]?.number !== number) throw corrupt(`a block has an unknown or misplaced rollup ${number}`);
    lengths.push({ index, cells: reader.varint(), bytes: reader.varint() });
  }
  const directory: DirectoryEntry[] = [];
  for (const { index, cells, bytes } of lengths) {
    const from = reader.position;
    reader.skip(bytes);
    directory.push({ index, cells, from, to: reader.position });
  }
  reader.end();
  return directory;
}
