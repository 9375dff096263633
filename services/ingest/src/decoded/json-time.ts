/** A moment as a protobuf Timestamp has it. */
export type Moment = { readonly seconds: number; readonly nanos: number };

/** From this on a number counts milliseconds: as seconds it would be the year 5138. */
const MILLISECONDS_FROM = 1e11;
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Reads a time of a JSON event: RFC 3339 text with a zone, such as "2026-03-01T12:00:00Z", or a number since 1970, in
 * seconds below 100,000,000,000 and in milliseconds from there on. Undefined when it is anything else.
 */
export function readJsonTime(value: unknown): Moment | undefined {
  if (typeof value === "number") return momentOfNumber(value);
  if (typeof value !== "string" || value.length > 40) return undefined;
  const parts = RFC_3339.exec(value);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = (parts[8] === "-" ? -60 : 60) * (offsetHours * 60 + offsetMinutes);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  return { seconds, nanos: Number((parts[7] ?? "").padEnd(9, "0")) };
}

function momentOfNumber(value: number): Moment | undefined {
  if (!Number.isFinite(value)) return undefined;
  const ms = Math.round(Math.abs(value) < MILLISECONDS_FROM ? value * 1000 : value);
  if (!Number.isSafeInteger(ms)) return undefined;
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1e6 };
}
