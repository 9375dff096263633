import { hashWords, murmur3Text } from "@millrace/hash";
import { hexOfHash } from "../send/event-id.ts";
import { BOT_AGENTS, USER_AGENTS } from "./devices.ts";
import { pick, type Random, randomOf, type Weighted } from "./random.ts";
import { activity, COUNTRIES_ALWAYS, type Country, countriesAt } from "./rhythm.ts";

/** Somebody who visits the site. */
export type Visitor = {
  /** The device, as a tracker would know it. */
  readonly anonymousId: string;
  /** The account, for those who have signed up before. */
  readonly userId: string | undefined;
  readonly userAgent: string;
  readonly country: string;
  readonly isBot: boolean;
};

/** How many people come again and again. */
const REGULARS = 20_000;
const REGULAR_PART = 0.36;
const MEMBER_PART = 0.3;
const BOT_PART = 0.03;
const LIVELY_MAX = 1.95;
const TRIES_MAX = 6;

/** Chooses who visits at a moment: a crawler now and then, somebody known, or somebody new. */
export function visitorAt(seed: string, visit: string, atMs: number, random: Random): Visitor {
  const kind = random();
  if (kind < BOT_PART) return crawler(random);
  if (kind < BOT_PART + REGULAR_PART) {
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      // Some come much more often than others.
      const number = Math.floor(random() ** 2.2 * REGULARS);
      const regular = person(`${seed}/regular/${number}`, COUNTRIES_ALWAYS, MEMBER_PART);
      // Whoever sleeps is not here.
      if (random() * LIVELY_MAX < activity(regular.home, atMs)) return regular.visitor;
    }
  }
  return person(`${seed}/visitor/${visit}`, countriesAt(atMs), 0).visitor;
}

function person(
  name: string,
  countries: Weighted<Country>,
  memberPart: number,
): { readonly visitor: Visitor; readonly home: Country } {
  const random = randomOf(name);
  const home = pick(random, countries);
  const anonymousId = idOf(name);
  const visitor = {
    anonymousId,
    userId: random() < memberPart ? userIdOf(anonymousId) : undefined,
    userAgent: pick(random, USER_AGENTS),
    country: home.code,
    isBot: false,
  };
  return { visitor, home };
}

function crawler(random: Random): Visitor {
  const userAgent = pick(random, BOT_AGENTS);
  return { anonymousId: idOf(userAgent), userId: undefined, userAgent, country: "US", isBot: true };
}

/** The account of somebody who signs up. */
export function userIdOf(anonymousId: string): string {
  return `user-${anonymousId.slice(0, 10)}`;
}

/** 32 hexadecimal digits that stand for a text. */
export function idOf(text: string): string {
  murmur3Text(text, 0);
  return hexOfHash(hashWords);
}
