import type { Zone } from "./zoned-time.ts";

/** A moment: whole seconds since 1970, and nanoseconds of the second. */
export type Moment = { readonly seconds: number; readonly nanos: number };

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?$/;
const ACCESS_LOG = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})$/;
const EPOCH = /^-?\d{1,14}(\.\d+)?$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** From here on a number counts milliseconds: as seconds it would be in the year 5138. */
const SECONDS_MAX = 1e11;

/**
 * Reads a time: ISO 8601 with or without offset (then in `zone`), seconds or milliseconds since 1970, or as access logs
 * write it (17/May/2015:10:05:03 +0000). Undefined when it is none of these.
 */
export function parseTime(text: string, zone: Zone): Moment | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset] = iso;
    const fields = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)] as const;
    return moment(fields, Number(fraction.padEnd(9, "0")), offset, zone);
  }
  const log = ACCESS_LOG.exec(text);
  if (log !== null) {
    const [, day, name = "", year, hour, minute, second, offset] = log;
    const month = MONTHS.indexOf(name) + 1;
    const fields = [Number(year), month, Number(day), Number(hour), Number(minute), Number(second)] as const;
    return moment(fields, 0, offset, zone);
  }
  return EPOCH.test(text) ? fromEpoch(Number(text)) : undefined;
}

/** Seconds or milliseconds since 1970; which of them is told by the size. */
export function fromEpoch(value: number): Moment | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= SECONDS_MAX * 1_000) return undefined;
  const micros = Math.round(value * (Math.abs(value) < SECONDS_MAX ? 1_000_000 : 1_000));
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds, nanos: (micros - seconds * 1_000_000) * 1_000 };
}

type Fields = readonly [year: number, month: number, day: number, hour: number, minute: number, second: number];

function moment(fields: Fields, nanos: number, offset: string | undefined, zone: Zone): Moment | undefined {
  const [year, month, day, hour, minute, second] = fields;
  // A leap second counts as the second before it.
  const localMs = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59));
  const isReal = month >= 1 && hour <= 23 && minute <= 59 && second <= 60 && new Date(localMs).getUTCDate() === day;
  if (!isReal || month > 12) return undefined;
  const utcMs = offset === undefined ? zone.toUtc(localMs) : localMs - offsetMs(offset);
  return { seconds: Math.floor(utcMs / 1_000), nanos };
}

function offsetMs(offset: string): number {
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(offset);
  if (found === null) return 0;
  const [, sign, hours, minutes = "0"] = found;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
