import type { ByteReader } from "../bytes/byte-reader.ts";
import { corrupt } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { type Micros, microsToNumber, microsToText, toMicros } from "../decimal/micros.ts";
import { type State, type StateKind, wrongInput } from "./state.ts";

/** 10^15 in millionths is below 2^70, with the sign 71 bits: 11 bytes. */
const MAX_AMOUNT_BYTES = 11;

/** The least or the greatest of numbers, each rounded half to even to 6 places. */
export class ExtremeState implements State {
  readonly #greatest: boolean;
  #micros: Micros | undefined;
  /** How many values were left out: not finite, or beyond 10^15 either way. */
  excluded: number;

  constructor(which: "min" | "max", micros?: Micros, excluded = 0) {
    this.#greatest = which === "max";
    this.#micros = micros;
    this.excluded = excluded;
  }

  get heldBytes(): number {
    return 56;
  }

  /** The value in millionths; undefined when there was none. */
  get micros(): Micros | undefined {
    return this.#micros;
  }

  /** The value in decimal without trailing zeros; undefined when there was none. */
  toDecimalString(): string | undefined {
    return this.#micros === undefined ? undefined : microsToText(this.#micros);
  }

  /** The double nearest to the value; undefined when there was none. */
  toNumber(): number | undefined {
    return this.#micros === undefined ? undefined : microsToNumber(this.#micros);
  }

  merge(other: ExtremeState): void {
    if (other.#micros !== undefined) this.#offer(other.#micros);
    this.excluded += other.excluded;
  }

  write(writer: ByteWriter): void {
    writer.byte(this.#micros === undefined ? 0 : 1);
    if (this.#micros !== undefined) writer.signed(this.#micros);
    writer.varint(this.excluded);
  }

  addOne(): never {
    throw wrongInput("min or max", "event");
  }

  addNumber(value: number): void {
    const micros = toMicros(value);
    if (micros === undefined) this.excluded += 1;
    else this.#offer(micros);
  }

  addHash(): never {
    throw wrongInput("min or max", "hash");
  }

  #offer(micros: Micros): void {
    const held = this.#micros;
    if (held === undefined || (this.#greatest ? micros > held : micros < held)) this.#micros = micros;
  }
}

function extremeKind(which: "min" | "max"): StateKind<ExtremeState> {
  return {
    name: which,
    input: "number",
    maxBytes: 1 + MAX_AMOUNT_BYTES + 8,
    grows: false,
    create: () => new ExtremeState(which),
    read: (reader: ByteReader) => {
      const micros = readSeen(reader) ? reader.signed(MAX_AMOUNT_BYTES) : undefined;
      return new ExtremeState(which, micros, reader.varint());
    },
    skip: (reader: ByteReader) => {
      if (readSeen(reader)) reader.skipVarint(MAX_AMOUNT_BYTES);
      reader.skipVarint();
    },
  };
}

function readSeen(reader: ByteReader): boolean {
  const seen = reader.byte();
  if (seen > 1) throw corrupt("a least or greatest value is neither there nor absent");
  return seen === 1;
}

/** Keeps the least number. */
export const minKind: StateKind<ExtremeState> = extremeKind("min");

/** Keeps the greatest number. */
export const maxKind: StateKind<ExtremeState> = extremeKind("max");
