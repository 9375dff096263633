import { Aggregation } from "@millrace/api/millrace/config/v1/metric_pb";
import { expect } from "vitest";
import { AverageState } from "../src/aggregation/average.ts";
import { CountState } from "../src/aggregation/count.ts";
import { ExtremeState } from "../src/aggregation/extreme.ts";
import { QuantilesState } from "../src/aggregation/quantiles.ts";
import { SumState } from "../src/aggregation/sum.ts";
import { UniqueState } from "../src/aggregation/unique.ts";
import type { State } from "../src/index.ts";
import type { Seen } from "./oracle.ts";

/** Fails unless `state` says of the values that the oracle saw what it must. */
export function expectState(state: State, seen: Seen): void {
  const numbers = seen.values.filter((value) => typeof value === "number");
  const micros = numbers.filter((value) => Math.abs(value) <= 1e15).map(exactMicros);
  const total = micros.reduce((sum, value) => sum + value, 0n);
  if (state instanceof CountState) {
    expect(state.count).toBe(seen.values.length);
  } else if (state instanceof SumState) {
    expect([BigInt(state.micros), state.excluded]).toEqual([total, numbers.length - micros.length]);
  } else if (state instanceof AverageState) {
    expect([BigInt(state.total.micros), state.count]).toEqual([total, micros.length]);
  } else if (state instanceof ExtremeState) {
    const sorted = micros.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const wanted = seen.aggregation === Aggregation.MIN ? sorted[0] : sorted.at(-1);
    expect(state.micros === undefined ? undefined : BigInt(state.micros)).toBe(wanted);
  } else if (state instanceof UniqueState) {
    const wanted = new Set(seen.values).size;
    expect(Math.abs(state.estimate() - wanted)).toBeLessThanOrEqual(5 * state.relativeError * wanted);
  } else if (state instanceof QuantilesState) {
    expectQuantiles(state, numbers);
  } else {
    throw new Error("an aggregation that the oracle does not know");
  }
}

function expectQuantiles(state: QuantilesState, numbers: readonly number[]): void {
  expect(state.count).toBe(numbers.length);
  const sorted = numbers.toSorted((a, b) => a - b);
  for (const q of [0, 0.5, 0.95, 1]) {
    const wanted = sorted[Math.floor(q * (sorted.length - 1))];
    if (wanted === undefined) continue;
    const clamped = Math.abs(wanted) < 2 ** -20 ? 0 : Math.sign(wanted) * Math.min(Math.abs(wanted), 2 ** 40);
    expect(Math.abs(state.quantile(q)! - clamped)).toBeLessThanOrEqual(Math.abs(clamped) * 0.0101);
  }
}

/** A double in millionths, rounded half to even from its exact binary value. */
function exactMicros(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponentBits = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = (exponentBits === 0 ? fraction : fraction | 0x10000000000000n) * (bits >> 63n === 1n ? -1n : 1n);
  const exponent = Math.max(exponentBits, 1) - 1075;
  const numerator = mantissa * 1_000_000n;
  if (exponent >= 0) return numerator << BigInt(exponent);
  const divisor = 1n << BigInt(-exponent);
  const magnitude = numerator < 0n ? -numerator : numerator;
  const down = magnitude / divisor;
  const twice = (magnitude % divisor) * 2n;
  const rounded = twice > divisor || (twice === divisor && down % 2n === 1n) ? down + 1n : down;
  return numerator < 0n ? -rounded : rounded;
}
