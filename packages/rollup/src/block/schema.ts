import { Failure } from "@millrace/failure";
import type { State, StateKind } from "../aggregation/state.ts";

/** The aggregates of one tuple: one state for each metric of the rollup, in the rollup's order. */
export type Cell = State[];

/** What a block keeps of one rollup. */
export type RollupSchema = {
  /** The rollup's number in its project, by which stored blocks know it. */
  readonly number: number;
  /** The kinds of the metrics' states, in the rollup's order. */
  readonly kinds: readonly StateKind[];
  /** How many tuples of dimension values are kept, beside `(other)`. */
  readonly maxCells: number;
};

/** What the blocks of one version of a family hold: its rollups, by rising number. */
export type BlockSchema = { readonly rollups: readonly RollupSchema[] };

/** Throws unless the rollups are in rising order of their numbers: a defect of whoever made the schema. */
export function checkSchema(schema: BlockSchema): void {
  let last = -1;
  for (const rollup of schema.rollups) {
    if (rollup.number <= last) throw new Failure("internal", "INTERNAL", "a block schema's rollups are out of order");
    last = rollup.number;
  }
}

/** The cell that has seen nothing. */
export function emptyCell(schema: RollupSchema): Cell {
  return schema.kinds.map((kind) => kind.create());
}

/** Adds what `from` has seen to `into`, a cell of the same rollup. `from` is not changed, and not kept. */
export function mergeCell(into: Cell, from: Cell): void {
  for (let i = 0; i < into.length; i++) into[i]!.merge(from[i]!);
}
