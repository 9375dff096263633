import { idsFromCookies } from "./cookies.ts";
import { newEventId } from "./event-id.ts";
import { asksForPrivacy, type Options, readOptions } from "./options.ts";
import { pagePath, pageUrl, withoutQuery } from "./page-address.ts";
import type { Properties } from "./properties.ts";
import { createSender } from "./sender.ts";
import { watchClicks } from "./watch-clicks.ts";
import { watchViews } from "./watch-views.ts";

/** `millrace("signup", { plan: "pro" })`; `millrace("identify", "user-7")` names who is signed in. */
type Millrace = {
  (name: string, properties?: Properties | string): void;
  /** Calls made before this script was there. */
  q?: IArguments[];
  /** Set once the script has run: a second tag counts nothing twice. */
  loaded?: boolean;
};

function start({ endpoint, manual, hash, cookies }: Options, calls: Iterable<IArguments>): Millrace {
  const sender = createSender(endpoint);
  const path = () => pagePath(hash);
  let referrer = withoutQuery(document.referrer);
  let hasView = false;
  let userId: string | undefined;

  function track(name: string, properties?: Properties | string): void {
    // Whatever goes wrong here must not be the page's problem.
    try {
      if (name === "identify") {
        userId = properties as string | undefined;
        return;
      }
      if (name === "page_view") {
        // Views that follow come from the site itself, as they do where each page is loaded.
        if (hasView) referrer = location.origin;
        hasView = true;
      }
      const time = Date.now();
      const event = {
        event_id: newEventId(time),
        name,
        time,
        user_id: userId,
        ...(cookies === undefined ? {} : idsFromCookies(cookies, time)),
        properties: Object.assign({ url: pageUrl(path()), referrer: referrer || undefined }, properties),
      };
      sender.add(JSON.stringify(event));
    } catch {}
  }

  // Before the first view, which is to have the user who was named.
  for (const [name, properties] of calls) track(name, properties);
  watchClicks(track);
  if (manual === undefined) watchViews(path, () => track("page_view"));
  addEventListener("pagehide", sender.leave);
  addEventListener("visibilitychange", () => {
    if (document.hidden) sender.hurry();
  });
  return track;
}

// What the tag says may be wrong, and is not the page's problem either.
try {
  const page = window as Window & { millrace?: Millrace };
  const before = page.millrace;
  const options = readOptions();
  if (options && !before?.loaded) {
    const millrace: Millrace = asksForPrivacy() ? () => {} : start(options, before?.q ?? []);
    page.millrace = millrace;
    millrace.loaded = true;
  }
} catch {}
