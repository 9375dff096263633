import type { Weighted } from "./random.ts";

/** A country whose people visit: its code, how far its clocks are ahead of UTC in hours, and its part of the visits. */
export type Country = { readonly code: string; readonly offsetHours: number; readonly weight: number };

const COUNTRIES: readonly Country[] = [
  { code: "US", offsetHours: -6, weight: 27 },
  { code: "DE", offsetHours: 1, weight: 17 },
  { code: "GB", offsetHours: 0, weight: 10 },
  { code: "FR", offsetHours: 1, weight: 8 },
  { code: "IN", offsetHours: 5.5, weight: 8 },
  { code: "NL", offsetHours: 1, weight: 5 },
  { code: "CA", offsetHours: -5, weight: 5 },
  { code: "BR", offsetHours: -3, weight: 4 },
  { code: "JP", offsetHours: 9, weight: 4 },
  { code: "PL", offsetHours: 1, weight: 3 },
  { code: "ES", offsetHours: 1, weight: 3 },
  { code: "AU", offsetHours: 10, weight: 2 },
  { code: "AT", offsetHours: 1, weight: 2 },
  { code: "CH", offsetHours: 1, weight: 2 },
];

/** How much is going on by the hour of the local day: little at night, most before noon and in the evening. */
const BY_HOUR = [
  0.3, 0.2, 0.14, 0.12, 0.14, 0.24, 0.5, 0.85, 1.25, 1.55, 1.65, 1.55, 1.35, 1.45, 1.55, 1.5, 1.4, 1.3, 1.25, 1.35,
  1.45, 1.3, 0.95, 0.6,
];
const BY_WEEKDAY = [0.62, 1.12, 1.18, 1.16, 1.13, 1.0, 0.58];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** How lively a country is at a moment; the same each week. */
export function activity({ offsetHours }: Country, atMs: number): number {
  const localMs = atMs + offsetHours * HOUR_MS;
  const hour = (((localMs % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS;
  const before = Math.floor(hour);
  const part = hour - before;
  // Between full hours it changes evenly.
  const byHour = BY_HOUR[before]! * (1 - part) + BY_HOUR[(before + 1) % 24]! * part;
  const weekday = (((Math.floor(localMs / DAY_MS) + EPOCH_WEEKDAY) % 7) + 7) % 7;
  return byHour * BY_WEEKDAY[weekday]!;
}

/** The countries, each as likely as it is on average. */
export const COUNTRIES_ALWAYS: Weighted<Country> = COUNTRIES.map((country) => [country, country.weight]);

let known: { readonly minute: number; readonly countries: Weighted<Country> } | undefined;

/** The countries, each as likely as it is lively at a moment; to the minute. */
export function countriesAt(atMs: number): Weighted<Country> {
  const minute = Math.floor(atMs / MINUTE_MS);
  if (known?.minute !== minute) {
    const weight = (country: Country) => country.weight * activity(country, minute * MINUTE_MS);
    known = { minute, countries: COUNTRIES.map((country) => [country, weight(country)]) };
  }
  return known.countries;
}

/** How lively everything is at a moment: 1 on average over a week. */
export function rhythm(atMs: number): number {
  return total(atMs) / MEAN;
}

function total(atMs: number): number {
  let sum = 0;
  for (const country of COUNTRIES) sum += country.weight * activity(country, atMs);
  return sum;
}

const MEAN = meanOfAWeek();

function meanOfAWeek(): number {
  const steps = 7 * 24 * 4;
  let sum = 0;
  for (let step = 0; step < steps; step++) sum += total((step * HOUR_MS) / 4);
  return sum / steps;
}
