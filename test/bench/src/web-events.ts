import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EventSchema } from "@millrace/api/millrace/event/v1/event_pb";

const PAGES = 500;
const VISITORS = 20_000;
const REFERRERS = ["https://www.google.com/", "https://news.ycombinator.com/item", "https://example.org/links", ""];
const CAMPAIGNS = ["", "", "", "", "", "", "", "?utm_source=letter&utm_medium=mail&utm_campaign=spring"];
const USER_AGENTS = Array.from({ length: 24 }, (_, i) => {
  const system = ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"][i % 3];
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${120 + i}.0.0.0 Safari/537.36`;
});

/** An id of a bench event: a UUIDv7 whose last twelve digits are its number. */
export function eventId(number: number, timeMs: number): string {
  const time = timeMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number.toString(16).padStart(12, "0")}`;
}

/**
 * A page view as a site's tracker sends it, encoded: a few pages make most views, and each visitor has one browser.
 *
 * @param random numbers in [0, 1)
 */
export function pageView(number: number, timeMs: number, random: () => number): Uint8Array {
  return toBinary(EventSchema, create(EventSchema, pageViewInit(number, timeMs, random)));
}

/** The same, not encoded. */
export function pageViewInit(number: number, timeMs: number, random: () => number) {
  const visitor = Math.floor(random() * VISITORS);
  const page = Math.floor(random() ** 3 * PAGES);
  const campaign = CAMPAIGNS[Math.floor(random() * CAMPAIGNS.length)]!;
  const referrer = REFERRERS[Math.floor(random() * REFERRERS.length)]!;
  return {
    eventId: eventId(number, timeMs),
    name: "page_view",
    time: timestampFromMs(timeMs),
    anonymousId: `visitor-${visitor}`,
    properties: {
      url: `https://shop.example/products/${page}${campaign}`,
      ...(referrer !== "" && { referrer }),
      user_agent: USER_AGENTS[visitor % USER_AGENTS.length]!,
      screen_width: 1920,
    },
  };
}

/** A repeatable source of numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
