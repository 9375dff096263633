import type { Block } from "../block/block.ts";
import type { BlockSchema } from "../block/schema.ts";
import { ByteReader } from "../bytes/byte-reader.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";
import type { DeltaPart, MinuteCells } from "./delta.ts";

const writer = new ByteWriter(16 * 1024);

/**
 * The cells of a minute as bytes, for a record that has to wait for its block: a tenth of the memory that the objects
 * take. They keep their order, in which tuples come to a block. Never stored.
 */
export function packCells(schema: BlockSchema, minute: MinuteCells): Uint8Array {
  writer.clear();
  for (let rollup = 0; rollup < schema.rollups.length; rollup++) {
    const cells = minute[rollup]!;
    writer.varint(cells.size);
    for (const [tuple, cell] of cells) {
      writer.text(tuple);
      for (let i = 0; i < cell.length; i++) cell[i]!.write(writer);
    }
  }
  return writer.toBytes();
}

/** As `applyDelta`, with the minutes of the parts in their order, packed. */
export function applyPacked(
  block: Block,
  minutes: readonly Uint8Array[],
  offset: number,
  appendTimeMs: number,
): boolean {
  if (offset <= block.off) return false;
  const { rollups } = block.schema;
  for (const bytes of minutes) {
    const reader = new ByteReader(bytes);
    for (let rollup = 0; rollup < rollups.length; rollup++) {
      const { kinds } = rollups[rollup]!;
      for (let left = reader.varint(); left > 0; left--) {
        const tuple = reader.text();
        const cell = kinds.map((kind) => kind.read(reader));
        block.merge(rollup, tuple, cell);
      }
    }
  }
  block.advance(offset, appendTimeMs);
  return true;
}

/** How many cells parts hold. */
export function cellsIn(parts: readonly DeltaPart[]): number {
  let cells = 0;
  for (const part of parts) for (const minute of part.cells) for (const rollup of minute) cells += rollup.size;
  return cells;
}
