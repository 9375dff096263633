import type { ByteReader } from "../bytes/byte-reader.ts";
import { corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { HashSet } from "./hash-set.ts";
import { Registers } from "./registers.ts";
import { type State, type StateKind, wrongInput } from "./state.ts";

/** How many registers a HyperLogLog has, as a power of two: 14 where there is one cell a bucket, 11 where there are many. */
export type Precision = 11 | 14;

/** Up to how many members are kept exactly: what fits in a third of the registers' bytes, or a sixth. */
const EXACT_LIMIT: Readonly<Record<Precision, number>> = { 11: 64, 14: 256 };

/** How many different values there were: exactly while they are few, then by HyperLogLog. A pure function of the set. */
export class UniqueState implements State {
  readonly precision: Precision;
  #members: HashSet;
  #registers: Registers | undefined;

  constructor(precision: Precision, members: HashSet = new HashSet(), registers?: Registers) {
    this.precision = precision;
    this.#members = members;
    this.#registers = registers;
  }

  get heldBytes(): number {
    return 160 + (this.#registers?.heldBytes ?? this.#members.heldBytes);
  }

  /** Whether `estimate` is exact (but for equal 64-bit hashes of different values). */
  get isExact(): boolean {
    return this.#registers === undefined;
  }

  /** The relative standard error of `estimate`; 0 while exact. Two answers of three are off by less. */
  get relativeError(): number {
    return this.isExact ? 0 : 1.04 / Math.sqrt(2 ** this.precision);
  }

  /** How many different values there were; a whole number. */
  estimate(): number {
    return this.#registers === undefined ? this.#members.size : Math.round(this.#registers.estimate());
  }

  merge(other: UniqueState): void {
    if (other.#registers === undefined) {
      other.#members.forEach((word0, word1) => {
        this.addHash(word0, word1);
      });
    } else {
      this.#toRegisters().merge(other.#registers);
    }
  }

  write(writer: ByteWriter): void {
    if (this.#registers !== undefined) {
      this.#registers.write(writer);
    } else {
      writer.varint(this.#members.size * 2);
      this.#members.write(writer);
    }
  }

  addOne(): never {
    throw wrongInput("unique", "event");
  }

  addNumber(): never {
    throw wrongInput("unique", "number");
  }

  addHash(word0: number, word1: number): void {
    if (this.#registers !== undefined) {
      this.#registers.add(word0, word1);
      return;
    }
    this.#members.add(word0, word1);
    if (this.#members.size > EXACT_LIMIT[this.precision]) this.#toRegisters();
  }

  #toRegisters(): Registers {
    if (this.#registers === undefined) {
      const registers = new Registers(this.precision);
      this.#members.forEach((word0, word1) => {
        registers.add(word0, word1);
      });
      this.#registers = registers;
      this.#members = NO_MEMBERS;
    }
    return this.#registers;
  }
}

const NO_MEMBERS = new HashSet(0);

function makeUniqueKind(precision: Precision): StateKind<UniqueState> {
  return {
    name: `unique/${precision}`,
    input: "hash",
    maxBytes: 2 + (2 ** precision * 6) / 8,
    grows: true,
    create: () => new UniqueState(precision),
    read: (reader: ByteReader) => {
      const head = reader.varint();
      if (head % 2 === 1) return new UniqueState(precision, NO_MEMBERS, Registers.read(reader, precision, head));
      return new UniqueState(precision, HashSet.read(reader, exactSize(head, precision)));
    },
    skip: (reader: ByteReader) => {
      const head = reader.varint();
      if (head % 2 === 1) Registers.skip(reader, precision, head);
      else reader.skip(exactSize(head, precision) * 8);
    },
  };
}

function exactSize(head: number, precision: Precision): number {
  if (head / 2 > EXACT_LIMIT[precision]) throw corrupt("more hashes are kept than are kept exactly");
  return head / 2;
}

/** Counts different values, by precision. */
export const uniqueKinds: Readonly<Record<Precision, StateKind<UniqueState>>> = {
  11: makeUniqueKind(11),
  14: makeUniqueKind(14),
};
