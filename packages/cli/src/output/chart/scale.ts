/** The values of an axis: from 0 or below to the greatest or above, in even steps of 1, 2 or 5 times a power of ten. */
export type Scale = { readonly from: number; readonly to: number; readonly step: number };

/**
 * A scale for values.
 *
 * @param values finite; none at all is a scale from 0 to 1
 * @param steps how many steps at most, from 1
 * @param isWhole whether steps between whole numbers mean nothing
 */
export function scaleOf(values: readonly number[], steps: number, isWhole: boolean): Scale {
  let from = 0;
  let to = 0;
  for (const value of values) {
    if (value < from) from = value;
    if (value > to) to = value;
  }
  if (from === to) to = 1;
  let step = niceStep((to - from) / steps);
  // Rounding the ends outwards may take another step.
  while (Math.ceil(to / step) - Math.floor(from / step) > steps) step = niceStep(step * 1.01);
  if (isWhole) step = Math.max(1, step);
  return { from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step, step };
}

/** The least of 1, 2, 5 times a power of ten that is not less than `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5].find((each) => each * power >= step * (1 - 1e-9));
  return factor === undefined ? 10 * power : factor * power;
}

const UNITS = ["", "k", "M", "G", "T"];

/** A number in at most 6 characters or so: 950, 1.2k, 12.5M, 0.003, 2e+20. */
export function abbreviated(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1) return size < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
  // What rounds up to a thousand belongs to the next unit.
  const at = UNITS.findIndex((_, index) => Number((size / 1_000 ** index).toPrecision(3)) < 1_000);
  if (at === -1) return value.toExponential(0);
  return `${Number((value / 1_000 ** at).toPrecision(3))}${UNITS[at]}`;
}
