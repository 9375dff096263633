import { localBucket, type SeriesGranularity } from "@millrace/rollup";
import { Temporal } from "temporal-polyfill";
import type { TestEvent } from "./folded-store.ts";

/** When the bucket of a series that holds a moment starts, as Temporal says; hours and finer as the rollup package does. */
export function bucketStartOf(zone: string, granularity: SeriesGranularity, epochMs: number): number {
  const day = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone).startOfDay();
  switch (granularity) {
    case "1d":
      return day.epochMilliseconds;
    case "week":
      return day
        .toPlainDate()
        .subtract({ days: day.dayOfWeek - 1 })
        .toZonedDateTime(zone).epochMilliseconds;
    case "month":
      return day.toPlainDate().with({ day: 1 }).toZonedDateTime(zone).epochMilliseconds;
    default:
      return localBucket(zone, granularity, epochMs).start;
  }
}

/** The value of a metric over some events, counted one by one. */
export function naive(metric: string, events: readonly TestEvent[]): unknown {
  const amounts = events.map(({ amount }) => amount).sort((a, b) => a - b);
  switch (metric) {
    case "events":
      return events.length;
    case "amount":
      return decimal(amounts.reduce((sum, amount) => sum + micros(amount), 0n));
    case "users":
      return new Set(events.map(({ user }) => user)).size;
    case "least":
      return amounts.length === 0 ? null : decimal(micros(amounts[0]!));
    case "greatest":
      return amounts.length === 0 ? null : decimal(micros(amounts.at(-1)!));
    case "mean":
      return amounts.length === 0 ? null : amounts.reduce((sum, amount) => sum + amount, 0) / amounts.length;
    default:
      return amounts.length === 0 ? null : amounts[Math.floor(0.5 * (amounts.length - 1))]!;
  }
}

function micros(amount: number): bigint {
  return BigInt(Math.round(amount * 100)) * 10_000n;
}

function decimal(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(7, "0");
  const fraction = digits.slice(-6).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -6)}${fraction === "" ? "" : `.${fraction}`}`;
}
