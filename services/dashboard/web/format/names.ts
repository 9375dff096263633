/** What templates call their dimensions and metrics, where the name alone would not read well. */
const TITLES = namesOf({
  page: "Page",
  referrer: "Referrer",
  referrer_source: "Source",
  utm_source: "Campaign source",
  utm_medium: "Medium",
  utm_campaign: "Campaign",
  utm_term: "Term",
  utm_content: "Content",
  os: "System",
  name: "Event",
  views_per_session: "Views per session",
  error_rate: "Error rate",
  order_value: "Order value",
});

/** What an absent value of a dimension means. */
const ABSENT = namesOf({
  referrer_source: "Direct, or not known",
  referrer: "Direct, or not known",
  country: "Not known",
  browser: "Not known",
  os: "Not known",
  device: "Not known",
});

/** What enrichment calls sources that are no site. */
const SOURCES = namesOf({ "(direct)": "Direct", "(internal)": "From within the site" });

/** The name of a metric or dimension for people: `page_views` is "Page views", `latency.p95` is "Latency p95". */
export function titleOf(name: string): string {
  const known = TITLES.get(name);
  if (known !== undefined) return known;
  const words = name.replace(/^properties\./, "").replaceAll(/[._]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The value of a dimension for people. */
export function valueTitle(dimension: string, value: string): string {
  const source = dimension === "referrer_source" ? SOURCES.get(value) : undefined;
  if (source !== undefined) return source;
  if (value === "") return ABSENT.get(dimension) ?? "(none)";
  if (dimension === "country" && /^[A-Z]{2}$/.test(value)) return countryName(value);
  return plainText(value);
}

/** Marks that turn around what follows (UAX #9), and control characters. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text that strangers chose, with a dot for each character that can't be seen but could make it read as another. */
export function plainText(text: string): string {
  return text.replace(UNSEEN, "·");
}

let regions: Intl.DisplayNames | undefined;

function countryName(code: string): string {
  regions ??= new Intl.DisplayNames(undefined, { type: "region" });
  return regions.of(code) ?? code;
}

/** By name: any text may be looked up, also what objects have by nature. */
function namesOf(names: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(names));
}
