import { NO_NUMBER } from "./number.ts";

/** How a number compares with the one before. */
export type Change = {
  /** `new` where there was nothing before: neither much nor little. */
  readonly direction: "up" | "down" | "same" | "new";
  /** How much: "12%", or "new". */
  readonly text: string;
};

const SIGNS = { up: "↑ ", down: "↓ ", same: "= ", new: "" } as const;

/** A change for eyes: "↑ 12%", or "–" where there is none to tell of. */
export function changeText(change: Change | undefined): string {
  return change === undefined ? NO_NUMBER : SIGNS[change.direction] + change.text;
}

const MOST = 99.99;

/** The change from one number to another; undefined where either is missing, or both are nothing. */
export function changeOf(
  now: number | null | undefined,
  before: number | null | undefined,
  locale?: string,
): Change | undefined {
  if (now === null || now === undefined || before === null || before === undefined) return undefined;
  if (before === 0) return now === 0 ? undefined : { direction: "new", text: "new" };
  const ratio = (now - before) / Math.abs(before);
  const digits = Math.abs(ratio) < 0.1 ? 1 : 0;
  const format = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits });
  const text = Math.abs(ratio) > MOST ? `>${format.format(MOST)}` : format.format(Math.abs(ratio));
  const isSame = format.format(Math.abs(ratio)) === format.format(0);
  return { direction: isSame ? "same" : ratio > 0 ? "up" : "down", text };
}
