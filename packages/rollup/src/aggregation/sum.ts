import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { FixedTotal } from "../decimal/fixed-total.ts";
import { type Micros, microsToNumber, microsToText, toMicros } from "../decimal/micros.ts";
import { type State, type StateKind, wrongInput } from "./state.ts";

/** 2^53 values of at most 10^15, in millionths, stay below 2^124: 18 bytes; a little more is allowed to what sums up. */
export const MAX_TOTAL_BYTES = 20;

/** The exact sum of numbers in fixed point at 6 places. */
export class SumState implements State {
  readonly total: FixedTotal;
  /** How many values were left out: not finite, or beyond 10^15 either way. */
  excluded: number;

  constructor(micros: Micros = 0, excluded = 0) {
    this.total = new FixedTotal(micros);
    this.excluded = excluded;
  }

  get heldBytes(): number {
    return 64;
  }

  /** The sum in millionths. */
  get micros(): Micros {
    return this.total.micros;
  }

  /** The sum in decimal without trailing zeros, exact. */
  toDecimalString(): string {
    return microsToText(this.micros);
  }

  /** The double nearest to the sum. */
  toNumber(): number {
    return microsToNumber(this.micros);
  }

  merge(other: SumState): void {
    this.total.addTotal(other.total);
    this.excluded += other.excluded;
  }

  write(writer: ByteWriter): void {
    writer.signed(this.micros);
    writer.varint(this.excluded);
  }

  addOne(): never {
    throw wrongInput("sum", "event");
  }

  addNumber(value: number): void {
    const micros = toMicros(value);
    if (micros === undefined) this.excluded += 1;
    else this.total.add(micros);
  }

  addHash(): never {
    throw wrongInput("sum", "hash");
  }
}

/** Sums numbers. */
export const sumKind: StateKind<SumState> = {
  name: "sum",
  input: "number",
  maxBytes: MAX_TOTAL_BYTES + 8,
  grows: false,
  create: () => new SumState(),
  read: (reader: ByteReader) => new SumState(reader.signed(MAX_TOTAL_BYTES), reader.varint()),
  skip: (reader: ByteReader) => {
    reader.skipVarint(MAX_TOTAL_BYTES);
    reader.skipVarint();
  },
};
