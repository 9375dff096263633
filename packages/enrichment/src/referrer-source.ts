import { clip } from "./clip.ts";
import { locationOf } from "./page.ts";
import { type ReferrerTable, referrerTable1, referrerTable2 } from "./referrer-tables.ts";
import { remember } from "./remember.ts";
import type { Rule } from "./rule.ts";
import { hostOf, urlParts } from "./url.ts";

/** The source of an event without a referrer. */
const DIRECT = "(direct)";
/** The source of an event whose referrer is on the same host as its page. */
const INTERNAL = "(internal)";

const REMEMBERED_MAX = 4096;

/**
 * Where a visit came from, by the rules of a table: the name of a search engine or network that the table knows, else
 * the referrer's host without "www."; {@link INTERNAL} when that is the host of the page, which only an event with a
 * whole `url` can tell; {@link DIRECT} without a referrer, and for one without a host.
 */
function referrerSource(table: ReferrerTable): Rule {
  const sourceOf = remember(REMEMBERED_MAX, (referrer) => {
    const host = hostOfReferrer(referrer);
    return { host, name: host === "" ? DIRECT : (nameOf(host, table) ?? clip(host)) };
  });
  return {
    inputs: ["referrer", "url", "page", "path"],
    derive: (input) => {
      const { referrer } = input;
      if (referrer === undefined || referrer === "") return DIRECT;
      const { host, name } = sourceOf(referrer);
      return host !== "" && host === locationOf(input)?.host ? INTERNAL : name;
    },
  };
}

export const referrerSource1: Rule = referrerSource(referrerTable1);
export const referrerSource2: Rule = referrerSource(referrerTable2);

/** Unlike a page, a referrer without scheme is a host if it looks like one: trackers send `example.com` too. */
function hostOfReferrer(referrer: string): string {
  const { host, path } = urlParts(referrer);
  if (host !== "") return host;
  const guess = hostOf(path.split("/", 1)[0]!);
  return guess.includes(".") ? guess : "";
}

function nameOf(host: string, { domains, countryDomains }: ReferrerTable): string | undefined {
  let domain = host;
  for (;;) {
    const name = domains.get(domain);
    if (name !== undefined) return name;
    const dot = domain.indexOf(".");
    if (dot < 0) return undefined;
    const suffix = domain.slice(dot + 1);
    // .com and .net; .de; .co.uk and .com.br.
    if (/^(?:com|net|[a-z]{2}|com?\.[a-z]{2})$/.test(suffix)) {
      const country = countryDomains.get(domain.slice(0, dot));
      if (country !== undefined) return country;
    }
    domain = suffix;
  }
}
