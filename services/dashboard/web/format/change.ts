/** How a number compares with the one before. */
export type Change = {
  readonly direction: "up" | "down" | "same";
  /** For eyes: "12%"; "new" where there was nothing before. */
  readonly text: string;
};

const MOST = 99.99;

/** The change from one number to another; undefined where either is missing, or both are nothing. */
export function changeOf(
  now: number | null | undefined,
  before: number | null | undefined,
  locale?: string,
): Change | undefined {
  if (now === null || now === undefined || before === null || before === undefined) return undefined;
  if (before === 0) return now === 0 ? undefined : { direction: now > 0 ? "up" : "down", text: "new" };
  const ratio = (now - before) / Math.abs(before);
  const digits = Math.abs(ratio) < 0.1 ? 1 : 0;
  const format = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits });
  const text = Math.abs(ratio) > MOST ? `>${format.format(MOST)}` : format.format(Math.abs(ratio));
  const isSame = format.format(Math.abs(ratio)) === format.format(0);
  return { direction: isSame ? "same" : ratio > 0 ? "up" : "down", text };
}
