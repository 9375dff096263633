const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A count for people: 541,909. */
export function grouped(value: number | bigint): string {
  return WHOLE.format(value);
}

/** An exact decimal for people: its digits as they are, grouped before the point. */
export function groupedDecimal(text: string): string {
  const found = /^(-?)(\d+)(\.\d+)?$/.exec(text);
  if (found === null) return text;
  const [, sign, whole = "", fraction = ""] = found;
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${fraction}`;
}

/** A number that is not exact, for people: three decimals, or four digits where it is small. */
export function rounded(value: number): string {
  const isSmall = value !== 0 && Math.abs(value) < 1;
  return new Intl.NumberFormat(
    "en-US",
    isSmall ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 3 },
  ).format(value);
}

/** Milliseconds for people: 850 ms, 12.3 s, 3 min 05 s. */
export function elapsed(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
