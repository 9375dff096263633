import type { Position } from "@millrace/cache";
import { Failure } from "@millrace/failure";

const FORM = /^(\d{1,5}):(\d{1,5}):(\d{1,15}):(\d{1,5})$/;

/** A position as people and requests name a letter by it: "generation:partition:offset:index". */
export function letterId({ generation, partition, offset, index }: Position): string {
  return `${generation}:${partition}:${offset}:${index}`;
}

/**
 * The position that an id names.
 *
 * @throws Failure `invalid` for a text of another form
 */
export function positionOf(id: string): Position {
  const found = FORM.exec(id);
  if (found === null)
    throw Failure.invalidField("dead_letter_id", "must be of the form generation:partition:offset:index");
  const [, generation, partition, offset, index] = found;
  return {
    generation: Number(generation),
    partition: Number(partition),
    offset: Number(offset),
    index: Number(index),
  };
}

/** The order of positions: by generation and partition, then as they lie in the log. */
export function comparePositions(a: Position, b: Position): number {
  return a.generation - b.generation || a.partition - b.partition || a.offset - b.offset || a.index - b.index;
}
