/**
 * Exact decimals, counted in millionths: what the sums of Millrace are compared with. Written without its code, so that
 * they don't share a mistake.
 */

const PLACES = 6;
const ONE = 10n ** BigInt(PLACES);

/** A decimal such as "-12.5", of at most 6 places, in millionths. */
export function millionths(text: string): bigint {
  const found = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (found === null) throw new Error(`${text} is no decimal of at most ${PLACES} places`);
  const [, sign, whole = "0", fraction = ""] = found;
  const size = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, "0"));
  return sign === "-" ? -size : size;
}

/** Millionths as a decimal without trailing zeros. */
export function decimal(value: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = (size % ONE).toString().padStart(PLACES, "0").replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${size / ONE}${fraction === "" ? "" : `.${fraction}`}`;
}
