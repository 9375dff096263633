/**
 * Numbers in fixed point at 6 decimal places, as integers of millionths: a number where that is safe, else a bigint. Each
 * amount has one representation, and none is -0.
 */
export type Micros = number | bigint;

/** How many decimal places are kept. */
export const PLACES = 6;

/** Numbers beyond this, either way, are left out of sums. */
const MAX_MAGNITUDE = 1e15;

const SCALE = 10 ** PLACES;
const BIG_SCALE = 10n ** BigInt(PLACES);

/** Doubles below this are at most a half apart. */
const FAST_LIMIT = 2 ** 52;

/**
 * Rounds a double, taken at its exact binary value, half to even to 6 places; undefined when it is not finite or beyond
 * 10^15 either way.
 */
export function toMicros(value: number): Micros | undefined {
  // Written so that NaN is refused too.
  if (!(Math.abs(value) <= MAX_MAGNITUDE)) return undefined;
  const scaled = value * SCALE;
  const magnitude = Math.abs(scaled);
  if (magnitude < FAST_LIMIT) {
    const floor = Math.floor(scaled);
    const fraction = scaled - floor;
    // Every half is a double here, and rounding keeps order: the product lies on its true side of one, or on it.
    if (fraction !== 0.5) return fraction < 0.5 ? floor + 0 : floor + 1;
  } else if (Number.isInteger(value)) {
    return magnitude <= Number.MAX_SAFE_INTEGER ? scaled : BigInt(value) * BIG_SCALE;
  }
  return roundExactly(value);
}

/** The sum of two amounts. */
export function addMicros(a: Micros, b: Micros): Micros {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return normalise(BigInt(a) + BigInt(b));
}

/** Writes an amount in decimal, without trailing zeros: "12.5", "-0.000001", "3". */
export function microsToText(amount: Micros): string {
  return decimalText(BigInt(amount), PLACES);
}

/** The double nearest to an amount. */
export function microsToNumber(amount: Micros): number {
  // Both operands are exact and division rounds once; beyond safe integers the decimal parser rounds once.
  return typeof amount === "number" ? amount / SCALE : Number(microsToText(amount));
}

/** An amount divided by a count from 1 up, in decimal, rounded half to even to `places` places, 6 or more. */
export function quotientText(amount: Micros, count: number, places: number): string {
  const numerator = BigInt(amount) * 10n ** BigInt(places - PLACES);
  return decimalText(divideHalfEven(numerator, BigInt(count)), places);
}

function decimalText(value: bigint, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, -places);
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator;
  let quotient = magnitude / denominator;
  const twice = (magnitude % denominator) * 2n;
  if (twice > denominator || (twice === denominator && (quotient & 1n) === 1n)) quotient += 1n;
  return numerator < 0n ? -quotient : quotient;
}

const bits = new DataView(new ArrayBuffer(8));

/** Rounds by the double's mantissa and exponent, in integers. */
function roundExactly(value: number): Micros {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const exponent = Math.max(biased, 1) - 1075;
  const scaled = mantissa * BIG_SCALE;
  const rounded = exponent >= 0 ? scaled << BigInt(exponent) : divideHalfEven(scaled, 1n << BigInt(-exponent));
  return normalise(value < 0 ? -rounded : rounded);
}

function normalise(value: bigint): Micros {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
}
