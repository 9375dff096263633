import { Failure } from "@millrace/failure";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A stretch of time such as 30s, 10m, 48h or 7d, in milliseconds.
 *
 * @throws Failure `invalid`
 */
export function parseDuration(text: string): number {
  const found = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (found === null)
    throw new Failure("invalid", "FIELD_INVALID", `"${text}" is not a duration such as 30s, 10m, 48h, 7d`);
  return Number(found[1]) * UNIT_MS[found[2]!]!;
}
