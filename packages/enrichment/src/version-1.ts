import { bot1 } from "./bot.ts";
import { browser1 } from "./browser.ts";
import { campaign1 } from "./campaign.ts";
import { device1 } from "./device.ts";
import { os1 } from "./os.ts";
import { page1 } from "./page.ts";
import { referrerSource1 } from "./referrer-source.ts";
import type { Rules } from "./rule.ts";

/** The first rules. Records of the log are stamped with this version, so what it answers never changes. */
export const version1: Rules = {
  page: page1,
  referrer_source: referrerSource1,
  browser: browser1,
  os: os1,
  device: device1,
  bot: bot1,
  utm_source: campaign1("utm_source"),
  utm_medium: campaign1("utm_medium"),
  utm_campaign: campaign1("utm_campaign"),
  utm_term: campaign1("utm_term"),
  utm_content: campaign1("utm_content"),
};
