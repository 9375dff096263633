import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";

/**
 * The running value of one metric in one cell. States of one aggregation form an exact commutative monoid: merging in
 * any order, in any grouping, gives the same state, and equal states are written as the same bytes.
 */
export interface State {
  /** Adds what `other`, a state of the same kind, has seen. `other` is not changed, and not kept. */
  merge(other: this): void;
  /** Writes the state in its one canonical form. */
  write(writer: ByteWriter): void;
  /** Every state takes each kind of input; those that do not apply are defects and throw. */
  addOne(): void;
  /** Adds a number; what is not finite or out of range is counted as left out by aggregations that say so. */
  addNumber(value: number): void;
  /** Adds one value of a set by the first two words of its 128-bit hash. */
  addHash(word0: number, word1: number): void;
  /** Roughly how many bytes of memory the state holds. Never falls. */
  readonly heldBytes: number;
}

/** How states of one kind are made and read. One instance for each distinct kind and precision; compare by identity. */
export interface StateKind<S extends State = State> {
  /** Such as "count" or "unique/11": names the kind and what fixes its bytes. */
  readonly name: string;
  /** Which of the add methods feeds it. */
  readonly input: "one" | "number" | "hash";
  /** No state of this kind is ever written in more bytes. */
  readonly maxBytes: number;
  /** Whether `heldBytes` changes as the state sees more. */
  readonly grows: boolean;
  /** The state that has seen nothing. */
  create(): S;
  /** Reads what `write` wrote. Throws a Failure `corrupt` on anything else. */
  read(reader: ByteReader): S;
  /** Passes over what `write` wrote. What is skipped is not checked beyond what finding its end takes. */
  skip(reader: ByteReader): void;
}

/** The defect of feeding a state what its kind does not take. */
export function wrongInput(kind: string, input: string): Error {
  return new TypeError(`a ${kind} state takes no ${input}`);
}
