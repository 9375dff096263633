/**
 * Which bucket of a DDSketch (Masson, Rim, Lee, "DDSketch", VLDB 2019) a value falls into. Instead of a logarithm, whose
 * last digit differs between engines, the mantissa is mapped by the cubic polynomial that the authors' libraries use for
 * speed: its few multiplications and additions give the same bucket everywhere, for ever.
 *
 * An octave [2^e, 2^(e+1)) has 35 buckets. In one bucket the greatest value is at most exp(0.7 / 35) = exp(0.02) times
 * the least, so the value between them is within tanh(0.01) < 1 % of both.
 */
const BUCKETS_PER_OCTAVE = 35;
const MIN_EXPONENT = -20;
const MAX_EXPONENT = 40;

/** Magnitudes below this, about 10^-6, count as zero. */
export const MIN_MAGNITUDE: number = 2 ** MIN_EXPONENT;

/** Magnitudes from this on, about 10^12, count as those just below it. */
export const MAX_MAGNITUDE: number = 2 ** MAX_EXPONENT;

/** Keys go from -MAX_KEY to MAX_KEY: the sign is the value's, 0 is the bucket of zero. */
export const MAX_KEY: number = (MAX_EXPONENT - MIN_EXPONENT) * BUCKETS_PER_OCTAVE;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** Which of the two words holds the exponent. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The key of the bucket of a finite number. Keys are in the order of their values. */
export function sketchKey(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < MIN_MAGNITUDE) return 0;
  const key = magnitude < MAX_MAGNITUDE ? keyOf(magnitude) : MAX_KEY;
  return value < 0 ? -key : key;
}

/** The value that stands for a bucket: within 1 % of every value in it, but for what was clamped. */
export function sketchValue(key: number): number {
  if (key === 0) return 0;
  const index = Math.abs(key) - 1;
  const scale = 2 ** (MIN_EXPONENT + Math.floor(index / BUCKETS_PER_OCTAVE));
  const least = EDGES[index % BUCKETS_PER_OCTAVE]!;
  const greatest = EDGES[(index % BUCKETS_PER_OCTAVE) + 1]!;
  // Equally far, relatively, from both edges.
  return Math.sign(key) * scale * ((2 * least * greatest) / (least + greatest));
}

function keyOf(magnitude: number): number {
  double[0] = magnitude;
  const exponent = (words[HIGH]! >>> 20) - 1023;
  words[HIGH] = (words[HIGH]! & 0xfffff) | 0x3ff00000;
  return (exponent - MIN_EXPONENT) * BUCKETS_PER_OCTAVE + Math.floor(position(double[0]! - 1)) + 1;
}

/** How far a mantissa's fraction, [0, 1), lies in its octave, [0, 35): 35 (6/35 f^3 - 3/5 f^2 + 10/7 f). */
function position(fraction: number): number {
  return ((6 * fraction - 21) * fraction + 50) * fraction;
}

/** The mantissas at which the buckets of an octave begin, and its end. */
const EDGES: readonly number[] = Array.from({ length: BUCKETS_PER_OCTAVE + 1 }, (_, bucket) => {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (position(middle) < bucket) low = middle;
    else high = middle;
  }
  return 1 + high;
});
