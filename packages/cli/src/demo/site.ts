import type { Random, Weighted } from "./random.ts";

/** The site that is visited. The host is one that nobody can own. */
export const SITE = "https://demo.example.org";

const POSTS = [
  "/blog/counting-exactly-once",
  "/blog/why-your-numbers-differ",
  "/blog/a-year-of-streams",
  "/blog/funnels-without-sampling",
  "/blog/time-zones-are-hard",
  "/blog/release-2-4",
];
const DOCS = ["/docs", "/docs/quickstart", "/docs/events", "/docs/queries", "/docs/self-hosting", "/docs/api"];

/** Where a visit comes from, what it lands on, and how likely it ends there. */
export type Origin = {
  /** The page that linked here; undefined for none. */
  readonly referrer: string | undefined;
  /** The campaign's parameters on the address of the landing page. */
  readonly campaign: string | undefined;
  readonly landings: Weighted<string>;
  /** How likely a visit has one page only, from 0 to 1. */
  readonly bounce: number;
};

const HOME: Weighted<string> = [
  ["/", 7],
  ["/pricing", 1],
  ["/docs", 1],
];
const READING: Weighted<string> = [...many(POSTS, 5), ...many(DOCS, 2), ["/", 2]];
const FOUND: Weighted<string> = [["/", 9], ...many(DOCS, 4), ...many(POSTS, 2), ["/pricing", 2]];
const OFFERS: Weighted<string> = [
  ["/pricing", 5],
  ["/", 4],
  ["/signup", 1],
];

/** Where visits come from, by how many do. */
export const ORIGINS: Weighted<Origin> = [
  [from(undefined, HOME, 0.3), 33],
  [from("https://www.google.com/", FOUND, 0.38), 26],
  [from("https://www.bing.com/", FOUND, 0.38), 3],
  [from("https://duckduckgo.com/", FOUND, 0.36), 4],
  [from("https://github.com/", [...many(DOCS, 3), ["/", 4]], 0.3), 8],
  [from("https://news.ycombinator.com/", READING, 0.455), 5],
  [from("https://www.reddit.com/", READING, 0.456), 3],
  [from("https://t.co/", READING, 0.455), 3],
  [from("https://www.linkedin.com/", READING, 0.45), 3],
  [from("https://chatgpt.com/", FOUND, 0.34), 3],
  [from("https://www.google.com/", OFFERS, 0.44, "utm_source=google&utm_medium=cpc&utm_campaign=autumn"), 4],
  [from("https://www.facebook.com/", OFFERS, 0.54, "utm_source=facebook&utm_medium=social&utm_campaign=launch"), 2],
  [
    from(
      undefined,
      [...many(POSTS, 2), ["/pricing", 3]],
      0.35,
      "utm_source=newsletter&utm_medium=email&utm_campaign=monthly",
    ),
    3,
  ],
];

const LEAVE = "";
const NEXT: Readonly<Record<string, Weighted<string>>> = {
  "/": [
    ["/pricing", 26],
    ["/docs", 20],
    ["/docs/quickstart", 8],
    ["/blog", 14],
    ["/about", 5],
    ["/signup", 6],
    [LEAVE, 24],
  ],
  "/pricing": [
    ["/signup", 24],
    ["/docs", 12],
    ["/checkout", 7],
    ["/", 14],
    ["/about", 3],
    [LEAVE, 36],
  ],
  "/signup": [
    ["/pricing", 10],
    ["/docs/quickstart", 8],
    [LEAVE, 60],
  ],
  "/welcome": [
    ["/docs/quickstart", 55],
    ["/pricing", 14],
    ["/docs/events", 12],
    [LEAVE, 20],
  ],
  "/checkout": [
    ["/pricing", 25],
    [LEAVE, 55],
  ],
  "/thanks": [
    ["/docs", 30],
    ["/docs/api", 15],
    [LEAVE, 55],
  ],
  "/about": [
    ["/", 30],
    ["/blog", 16],
    [LEAVE, 30],
  ],
  "/blog": [...many(POSTS, 13), ["/", 8], [LEAVE, 16]],
};
const NEXT_OF_DOCS: Weighted<string> = [...many(DOCS, 11), ["/pricing", 7], ["/signup", 4], [LEAVE, 20]];
const NEXT_OF_POST: Weighted<string> = [...many(POSTS, 5), ["/", 10], ["/pricing", 7], ["/docs", 7], [LEAVE, 34]];

/** Where readers of a page go next; "" is away. */
export function nextPages(page: string): Weighted<string> {
  return NEXT[page] ?? (page.startsWith("/docs") ? NEXT_OF_DOCS : NEXT_OF_POST);
}

/** The pages that a crawler reads. */
export const PAGES: readonly string[] = ["/", "/pricing", "/signup", "/about", "/blog", ...POSTS, ...DOCS];

/** How long a page is looked at, in milliseconds: most a few dozen seconds, some for minutes; 2 s to 5 min. */
export function dwellMs(random: Random): number {
  // A log-normal time by the Box-Muller transform.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(300_000, Math.max(2_000, 28_000 * Math.exp(0.9 * normal)));
}

function from(referrer: string | undefined, landings: Weighted<string>, bounce: number, campaign?: string): Origin {
  return { referrer, landings, bounce, campaign };
}

function many(pages: readonly string[], weight: number): Weighted<string> {
  return pages.map((page) => [page, weight] as const);
}
