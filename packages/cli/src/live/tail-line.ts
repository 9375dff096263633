import type { JsonObject } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type TailedEvent, TailedEvent_Verdict as Verdict } from "@millrace/api/millrace/reporting/v1/tail_pb";
import { enumName } from "../enum-name.ts";
import { fitted, printable, textWidth } from "../output/text-width.ts";
import { isoText } from "../output/time-text.ts";
import type { Paint, Style } from "../terminal/color.ts";

/** How a line is written. `width`: cut to fit; undefined: whole. */
export type LineOptions = { readonly paint: Paint; readonly width: number | undefined; readonly timeZone: string };

/** By the width of the terminal: in a narrow one the properties matter more. */
const WIDTHS = { wide: { name: 14, user: 10 }, narrow: { name: 9, user: 5 } } as const;
const NARROW = 60;
const VALUE_MAX = 60;

const VERDICTS: Readonly<Record<number, { readonly text: string; readonly style: Style }>> = {
  [Verdict.DUPLICATE]: { text: "duplicate", style: "yellow" },
  [Verdict.LATE]: { text: "late", style: "yellow" },
  [Verdict.DEAD_LETTERED]: { text: "dead letter", style: "red" },
};

/** What says most about an event comes first; the rest in the order of the alphabet. */
const FIRST = [
  "page",
  "url",
  "order_id",
  "product",
  "revenue",
  "route",
  "status",
  "referrer_source",
  "browser",
  "country",
];
/** Said by others already, or too long to be read in passing. */
const HIDDEN = new Set(["user_agent", "ip", "title"]);

/** An event as one line: time, name, user, what became of it unless it counts, and its properties as far as they fit. */
export function tailLine(tailed: TailedEvent, { paint, width, timeZone }: LineOptions): string {
  const { event, verdict, receiveTime } = tailed;
  const time = clockText(event?.time ?? receiveTime, timeZone);
  const name = printable(event?.name ?? "");
  const who = printable(event?.userId || event?.anonymousId || event?.sessionId || "-");
  const mark = VERDICTS[verdict];
  const widths = WIDTHS[width !== undefined && width < NARROW ? "narrow" : "wide"];
  const [what, whose] = [padded(name, widths.name), padded(shortened(who, widths.user), widths.user)];
  const head = [
    paint("dim", time),
    paint("bold", what),
    paint("magenta", whose),
    ...(mark === undefined ? [] : [paint(mark.style, mark.text)]),
  ];
  const used = [time, what, whose, ...(mark === undefined ? [] : [mark.text])];
  const space = width === undefined ? undefined : width - used.reduce((sum, text) => sum + textWidth(text) + 2, 0);
  const properties = propertiesText(tailed, space, paint);
  return [...head, ...(properties === "" ? [] : [properties])].join("  ");
}

/** An event for programs. Derived values stand apart from what was sent. */
export function tailDocument({ event, receiveTime, verdict, derived }: TailedEvent) {
  return {
    type: "event",
    eventId: event?.eventId ?? "",
    name: event?.name ?? "",
    time: isoText(event?.time),
    receiveTime: isoText(receiveTime),
    verdict: enumName(Verdict, verdict).toLowerCase(),
    userId: event?.userId ?? "",
    anonymousId: event?.anonymousId ?? "",
    sessionId: event?.sessionId ?? "",
    properties: event?.properties ?? {},
    derived,
  };
}

function propertiesText({ event, derived }: TailedEvent, space: number | undefined, paint: Paint): string {
  const all: JsonObject = { ...event?.properties, ...derived };
  // The page says it shorter; a bot that is none needs no word.
  const hidden = new Set([
    ...HIDDEN,
    ...("page" in all ? ["url"] : []),
    ...("referrer_source" in all ? ["referrer"] : []),
  ]);
  const isTold = (key: string) =>
    !hidden.has(key) && all[key] !== "" && all[key] !== null && !(key === "bot" && String(all[key]) === "false");
  const keys = Object.keys(all)
    .filter(isTold)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  let text = "";
  let width = 0;
  for (const key of keys) {
    const value = fitted(printable(String(all[key])), VALUE_MAX);
    const shown = /[\s"=]/.test(value) ? JSON.stringify(value) : value;
    const label = `${printable(key)}=`;
    const added = textWidth(label) + textWidth(shown) + (text === "" ? 0 : 1);
    if (space !== undefined && width + added > space) {
      const left = space - width - textWidth(label) - 1;
      // A first value that is too long is better cut than gone.
      return text === "" && left > 3 ? paint("dim", label) + fitted(shown, left) : text;
    }
    text += `${text === "" ? "" : " "}${paint("dim", label)}${shown}`;
    width += added;
  }
  return text;
}

function rank(key: string): number {
  const at = FIRST.indexOf(key);
  return at === -1 ? FIRST.length : at;
}

/** The end of an id tells more than its beginning, which many share. */
function shortened(id: string, width: number): string {
  return textWidth(id) <= width ? id : `…${[...id].slice(-(width - 1)).join("")}`;
}

function padded(text: string, width: number): string {
  const shown = fitted(text, Math.max(width, 1));
  return shown + " ".repeat(Math.max(0, width - textWidth(shown)));
}

function clockText(time: Parameters<typeof timestampMs>[0] | undefined, timeZone: string): string {
  if (time === undefined) return "--:--:--";
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone }).format(timestampMs(time));
}
