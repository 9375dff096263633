import { clip } from "./clip.ts";
import type { EnrichmentInput, InputProperty, Rule } from "./rule.ts";
import { type UrlParts, urlParts } from "./url.ts";

const INPUTS: readonly InputProperty[] = ["url", "page", "path"];

/** Where an event happened: `url`, else `page`, else `path`; undefined when it has none of them. */
export function locationOf(input: EnrichmentInput): UrlParts | undefined {
  const text = input.url || input.page || input.path;
  return text === undefined || text === "" ? undefined : urlParts(text);
}

/** The path of the page, with its first slash: no scheme, host, query or fragment. */
export const page1: Rule = { inputs: INPUTS, derive: (input) => clip(path(input)) };

/** As {@link page1}, and `/shop/` is the page `/shop`. */
export const page2: Rule = {
  inputs: INPUTS,
  derive: (input) => {
    const whole = path(input);
    return clip(whole.length > 1 && whole.endsWith("/") ? whole.slice(0, -1) : whole);
  },
};

function path(input: EnrichmentInput): string {
  const location = locationOf(input);
  if (location === undefined || isNowhere(location)) return "";
  return location.path.startsWith("/") ? location.path : `/${location.path}`;
}

/** A location that names no place, such as `about:blank`. */
function isNowhere({ host, path, query }: UrlParts): boolean {
  return host === "" && path === "" && query === "";
}
