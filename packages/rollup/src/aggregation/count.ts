import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { type State, type StateKind, wrongInput } from "./state.ts";

/** How many there were. */
export class CountState implements State {
  count: number;

  constructor(count = 0) {
    this.count = count;
  }

  get heldBytes(): number {
    return 16;
  }

  merge(other: CountState): void {
    this.count += other.count;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.count);
  }

  addOne(): void {
    this.count += 1;
  }

  addNumber(): never {
    throw wrongInput("count", "number");
  }

  addHash(): never {
    throw wrongInput("count", "hash");
  }
}

/** Counts events. */
export const countKind: StateKind<CountState> = {
  name: "count",
  input: "one",
  maxBytes: 8,
  grows: false,
  create: () => new CountState(),
  read: (reader: ByteReader) => new CountState(reader.varint()),
  skip: (reader: ByteReader) => void reader.varint(),
};
