import type { Rule } from "./rule.ts";
import { parseUserAgent } from "./user-agent.ts";

/** Where people know a browser by another name than bowser. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["Microsoft Edge", "Edge"],
  ["Samsung Internet for Android", "Samsung Internet"],
  ["Opera Coast", "Opera"],
  ["BingCrawler", "Bingbot"],
]);

/** The family of the browser, without version: "Chrome", "Firefox", "Safari", "Edge", and so on; bots by their names. */
export const browser1: Rule = {
  inputs: ["user_agent"],
  derive: ({ user_agent = "" }) => {
    const { browser } = parseUserAgent(user_agent);
    return FAMILIES.get(browser) ?? browser;
  },
};
