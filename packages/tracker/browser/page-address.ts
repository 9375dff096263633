const TEXT_MAX = 1024;

/** The path of the page; with `hash` that of a route such as "#/settings" below it. Without query. */
export function pagePath(hash: string | undefined): string {
  const { pathname, hash: fragment } = location;
  return hash !== undefined
    ? (pathname + fragment.replace("#", "/").replace(/\?.*/, "")).replace(/\/+!?\/*/g, "/")
    : pathname;
}

/** The page's URL with its campaign, and nothing else of the query: what people typed or were sent may stand there. */
export function pageUrl(path: string): string {
  const campaign = location.search.match(/[?&]utm_\w+=[^&]*/g) ?? [];
  return withoutFragment(location.origin + path + campaign.join("").replace("&", "?"));
}

/** A URL without query and fragment. */
export function withoutQuery(url: string): string {
  return withoutFragment(url.replace(/\?.*/, ""));
}

/** A property holds 1 KiB; URLs are ASCII. */
function withoutFragment(url: string): string {
  return url.replace(/#.*/, "").slice(0, TEXT_MAX);
}
