import { BROWSER_MAP, getParser, OS_MAP } from "bowser";
import { remember } from "./remember.ts";

/** What bowser makes of a user agent, in its own words; "" where it does not know. */
export type UserAgent = {
  readonly browser: string;
  readonly os: string;
  /** "desktop", "mobile", "tablet", "tv", "bot" or "". */
  readonly platform: string;
};

/** Longer user agents are cut: what matters stands in front, and matching is not linear. */
export const USER_AGENT_LENGTH_MAX = 512;

/** A site sees some thousands of different user agents a day. */
const REMEMBERED_MAX = 8192;

const UNKNOWN: UserAgent = { browser: "", os: "", platform: "" };

// For a user agent that it does not know bowser answers with its first word, which is anybody's text.
const BROWSERS = new Set(Object.values(BROWSER_MAP).filter((name) => name !== BROWSER_MAP.generic));
const SYSTEMS = new Set(Object.values(OS_MAP));

/** Parses a user agent with bowser. */
export const parseUserAgent: (userAgent: string) => UserAgent = remember(REMEMBERED_MAX, (userAgent) => {
  const text = userAgent.slice(0, USER_AGENT_LENGTH_MAX);
  if (text.trim() === "") return UNKNOWN;
  const { browser, os, platform } = getParser(text).getResult();
  return {
    browser: BROWSERS.has(browser.name ?? "") ? browser.name! : "",
    os: SYSTEMS.has(os.name ?? "") ? os.name! : "",
    platform: platform.type ?? "",
  };
});
