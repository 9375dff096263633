/** How a number is written. */
export type NumberStyle = {
  /** "ms", a currency such as "EUR", "%" for a ratio of 1, or any other unit, which is put behind. */
  readonly unit?: string;
  /** Writes large numbers short: 1.2M. */
  readonly compact?: boolean;
};

/** What stands where there is no number. */
export const NO_NUMBER = "–";

const formats = new Map<string, Intl.NumberFormat>();
const COMPACT_FROM = 100_000;

/** A number for people, in the locale of the browser. */
export function numberText(value: number | null | undefined, style: NumberStyle = {}, locale?: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_NUMBER;
  const { unit = "" } = style;
  if (unit === "%") return formatOf(locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
  if (unit === "ms") return durationText(value, locale);
  const short: Intl.NumberFormatOptions =
    style.compact && Math.abs(value) >= COMPACT_FROM ? { notation: "compact", maximumSignificantDigits: 3 } : {};
  if (/^[A-Z]{3}$/.test(unit)) {
    const whole = Math.abs(value) >= 1_000 ? { maximumFractionDigits: 0 } : {};
    return formatOf(locale, { style: "currency", currency: unit, ...whole, ...short }).format(value);
  }
  const text = formatOf(locale, { maximumFractionDigits: fractionDigits(value), ...short }).format(value);
  return unit === "" ? text : `${text} ${unit}`;
}

/** A share of a whole, 0 to 1, as a percentage that says "less than 1 %" rather than 0. */
export function shareText(share: number, locale?: string): string {
  const format = formatOf(locale, { style: "percent", maximumFractionDigits: 0 });
  return share > 0 && share < 0.01 ? `<${format.format(0.01)}` : format.format(share);
}

function durationText(ms: number, locale: string | undefined): string {
  const [value, unit] =
    ms >= 60_000 ? [ms / 60_000, "minute"] : ms >= 1_000 ? [ms / 1_000, "second"] : [ms, "millisecond"];
  return formatOf(locale, {
    style: "unit",
    unit: unit as string,
    unitDisplay: "short",
    maximumSignificantDigits: 3,
  }).format(value as number);
}

function fractionDigits(value: number): number {
  const size = Math.abs(value);
  return Number.isInteger(value) || size >= 1_000 ? 0 : size >= 100 ? 1 : 2;
}

function formatOf(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale ?? ""}${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, options);
    formats.set(key, format);
  }
  return format;
}
