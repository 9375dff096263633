import type { Event } from "@millrace/api/millrace/event/v1/event_pb";
import { plainText, valueTitle } from "../format/names.ts";

type Properties = Readonly<Record<string, unknown>>;

/** Told elsewhere in the line, or of no use to a reader. */
const LEFT_OUT = new Set(["url", "referrer", "user_agent", "page", "country"]);
const MORE_MAX = 4;

/** What an event is about: the page or its first properties, and behind it where it came from. In plain text. */
export function eventDetail(
  event: Event,
  derived: Readonly<Record<string, string>>,
): { readonly main: string; readonly more: string } {
  const properties: Properties = (event.properties ?? {}) as Properties;
  const pairs = Object.entries(properties)
    .filter(([key, value]) => !LEFT_OUT.has(key) && value !== null && value !== "")
    .slice(0, MORE_MAX)
    .map(([key, value]) => `${key} ${String(value)}`);
  const page = derived["page"] ?? "";
  const country = String(properties["country"] ?? derived["country"] ?? "");
  const source = derived["referrer_source"] ?? "";
  const origin = [
    source === "" ? "" : valueTitle("referrer_source", source),
    country === "" ? "" : valueTitle("country", country),
    derived["browser"] ?? "",
  ];
  const more = plainText(origin.filter((text) => text !== "").join(" · "));
  const main = page === "" ? pairs.join(", ") : [page, ...pairs].join("  ");
  return { main: plainText(main), more };
}

/** Whom an event is of, as short as tells people apart. In plain text. */
export function personOf(event: Event): string {
  const id = event.userId || event.anonymousId || event.sessionId;
  return plainText(id.length > 8 ? id.slice(0, 8) : id);
}
