import { offsetMinutesAt } from "@millrace/rollup";

/** A moment in RFC 3339 with the offset of a zone, such as "2024-03-31T00:00:00+01:00"; "Z" where the offset is none. */
export function localTimeText(zone: string, epochMs: number): string {
  const offset = Math.round(offsetMinutesAt(zone, epochMs));
  const local = new Date(epochMs + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.abs(offset);
  const text = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${local}${offset < 0 ? "-" : "+"}${text}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
