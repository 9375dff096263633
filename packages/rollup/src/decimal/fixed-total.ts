import { addMicros, type Micros } from "./micros.ts";

/** An exact sum of amounts: a safe integer for as long as that will do, what spilled over from it as a bigint. */
export class FixedTotal {
  #near = 0;
  #far = 0n;

  constructor(micros: Micros = 0) {
    this.add(micros);
  }

  /** The sum so far. */
  get micros(): Micros {
    return this.#far === 0n ? this.#near : addMicros(this.#far, this.#near);
  }

  /** Adds an amount. */
  add(micros: Micros): void {
    if (typeof micros === "bigint") {
      this.#far += micros;
      return;
    }
    const sum = this.#near + micros;
    if (Number.isSafeInteger(sum)) {
      this.#near = sum;
    } else {
      this.#far += BigInt(this.#near);
      this.#near = micros;
    }
  }

  /** Adds another sum. */
  addTotal(other: FixedTotal): void {
    this.add(other.#near);
    if (other.#far !== 0n) this.#far += other.#far;
  }
}
