import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { FixedTotal } from "../decimal/fixed-total.ts";
import { type Micros, PLACES, quotientText, toMicros } from "../decimal/micros.ts";
import { type State, type StateKind, wrongInput } from "./state.ts";
import { MAX_TOTAL_BYTES } from "./sum.ts";

/** The average of numbers: their exact sum, and how many they were. */
export class AverageState implements State {
  readonly total: FixedTotal;
  /** How many values are in the sum. */
  count: number;
  /** How many values were left out: not finite, or beyond 10^15 either way. */
  excluded: number;

  constructor(micros: Micros = 0, count = 0, excluded = 0) {
    this.total = new FixedTotal(micros);
    this.count = count;
    this.excluded = excluded;
  }

  get heldBytes(): number {
    return 72;
  }

  /** The average in decimal, rounded half to even to `places` places (6 to 100); undefined when there was no value. */
  toDecimalString(places: number = PLACES): string | undefined {
    return this.count === 0 ? undefined : quotientText(this.total.micros, this.count, places);
  }

  /** The average as a double, to within its last two digits; undefined when there was no value. */
  toNumber(): number | undefined {
    return this.count === 0 ? undefined : Number(quotientText(this.total.micros, this.count, NUMBER_PLACES));
  }

  merge(other: AverageState): void {
    this.total.addTotal(other.total);
    this.count += other.count;
    this.excluded += other.excluded;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.count);
    if (this.count > 0) writer.signed(this.total.micros);
    writer.varint(this.excluded);
  }

  addOne(): never {
    throw wrongInput("average", "event");
  }

  addNumber(value: number): void {
    const micros = toMicros(value);
    if (micros === undefined) {
      this.excluded += 1;
    } else {
      this.total.add(micros);
      this.count += 1;
    }
  }

  addHash(): never {
    throw wrongInput("average", "hash");
  }
}

/** The least average that is not 0 is 10^-6 / 2^53, about 10^-22: 17 digits of it. */
const NUMBER_PLACES = 40;

/** Averages numbers. */
export const averageKind: StateKind<AverageState> = {
  name: "average",
  input: "number",
  maxBytes: 8 + MAX_TOTAL_BYTES + 8,
  grows: false,
  create: () => new AverageState(),
  read: (reader: ByteReader) => {
    const count = reader.varint();
    const micros = count > 0 ? reader.signed(MAX_TOTAL_BYTES) : 0;
    return new AverageState(micros, count, reader.varint());
  },
  skip: (reader: ByteReader) => {
    const count = reader.varint();
    if (count > 0) reader.skipVarint(MAX_TOTAL_BYTES);
    reader.skipVarint();
  },
};
