import { oneOf, pick, type Random, randomOf } from "./random.ts";
import { dwellMs, nextPages, ORIGINS, type Origin, PAGES, SITE } from "./site.ts";
import { idOf, userIdOf, type Visitor, visitorAt } from "./visitor.ts";

/** An event of the demo. */
export type DemoEvent = {
  readonly eventId: string;
  readonly name: "page_view" | "signup" | "order";
  readonly timeMs: number;
  readonly userId: string | undefined;
  readonly anonymousId: string;
  readonly sessionId: string;
  /** Whether the visit begins with it. */
  readonly isFirst: boolean;
  readonly properties: Readonly<Record<string, string | number>>;
};

/** No visit lasts longer. */
export const VISIT_MS_MAX = 20 * 60_000;

const PAGES_MAX = 20;
const SIGNUP_PART = 0.42;
const ORDER_PART = 0.55;
const PLANS = [
  ["starter", 19, 6],
  ["team", 79, 3],
  ["business", 249, 1],
] as const;

/**
 * One visit: page views in order, and what the visitor does on them. The same seed, number and time make the same visit.
 *
 * @param number tells apart the visits of a seed
 */
export function visitOf(seed: string, number: string, startMs: number): readonly DemoEvent[] {
  const random = randomOf(`${seed}/visit/${number}`);
  const visitor = visitorAt(seed, number, startMs, random);
  const visit = new Visit(`${seed}/${number}`, visitor, startMs);
  if (visitor.isBot) crawl(visit, random);
  else browse(visit, random);
  return visit.events;
}

function browse(visit: Visit, random: Random): void {
  const origin: Origin = pick(random, ORIGINS);
  let page = pick(random, origin.landings);
  const query = origin.campaign === undefined ? "" : `?${origin.campaign}`;
  visit.view(`${SITE}${page}${query}`, origin.referrer);
  if (random() < origin.bounce) return;
  for (let count = 1; count < PAGES_MAX; count++) {
    visit.pass(dwellMs(random));
    if (visit.isOver) return;
    const next = afterwards(visit, page, random);
    if (next === "") return;
    visit.view(`${SITE}${next}`, `${SITE}${page}`);
    page = next;
  }
}

/** What somebody does on a page, and the page after it. */
function afterwards(visit: Visit, page: string, random: Random): string {
  if (page === "/signup" && visit.userId === undefined && random() < SIGNUP_PART) {
    visit.signUp(pick(random, [["free", 7] as const, ["trial", 3] as const]));
    return "/welcome";
  }
  if (page === "/checkout" && random() < ORDER_PART) {
    const [plan, price] = pick(
      random,
      PLANS.map((each) => [each, each[2]] as const),
    );
    const seats = plan === "starter" ? 1 : 1 + Math.floor(random() ** 2 * 12);
    visit.order(plan, seats, price * seats);
    return "/thanks";
  }
  return pick(random, nextPages(page));
}

function crawl(visit: Visit, random: Random): void {
  const count = 2 + Math.floor(random() * 10);
  for (let read = 0; read < count && !visit.isOver; read++) {
    visit.view(`${SITE}${oneOf(random, PAGES)}`, undefined);
    visit.pass(1_000 + random() * 8_000);
  }
}

/** A visit while it goes on. */
class Visit {
  readonly events: DemoEvent[] = [];
  readonly #id: string;
  readonly #sessionId: string;
  readonly #visitor: Visitor;
  readonly #startMs: number;
  #timeMs: number;
  #userId: string | undefined;

  constructor(id: string, visitor: Visitor, startMs: number) {
    this.#id = id;
    this.#sessionId = idOf(`${id}/session`);
    this.#visitor = visitor;
    this.#startMs = startMs;
    this.#timeMs = startMs;
    this.#userId = visitor.userId;
  }

  get userId(): string | undefined {
    return this.#userId;
  }

  get isOver(): boolean {
    return this.#timeMs - this.#startMs >= VISIT_MS_MAX;
  }

  pass(ms: number): void {
    this.#timeMs += Math.round(ms);
  }

  view(url: string, referrer: string | undefined): void {
    this.#add("page_view", { url, ...(referrer !== undefined && { referrer }) });
  }

  signUp(plan: string): void {
    this.#userId = userIdOf(this.#visitor.anonymousId);
    this.#add("signup", { plan });
  }

  order(plan: string, seats: number, revenue: number): void {
    this.#userId ??= userIdOf(this.#visitor.anonymousId);
    const orderId = `D-${idOf(`${this.#id}/order/${this.events.length}`).slice(0, 8).toUpperCase()}`;
    this.#add("order", { order_id: orderId, product: plan, quantity: seats, revenue, currency: "EUR" });
  }

  #add(name: DemoEvent["name"], properties: Record<string, string | number>): void {
    const { anonymousId, userAgent, country } = this.#visitor;
    this.events.push({
      eventId: idOf(`${this.#id}/event/${this.events.length}`),
      name,
      timeMs: this.#timeMs,
      userId: this.#userId,
      anonymousId,
      sessionId: this.#sessionId,
      isFirst: this.events.length === 0,
      properties: { ...properties, user_agent: userAgent, country },
    });
  }
}
