import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rhythm } from "./rhythm.ts";
import { EVENTS_PER_VISIT, Traffic } from "./traffic.ts";
import { type DemoEvent, VISIT_MS_MAX } from "./visit.ts";

const HOUR_MS = 3_600_000;
const MONDAY = Date.parse("2026-11-16T00:00:00Z");
const NOON = MONDAY + 12 * HOUR_MS;

function play(fromMs: number, toMs: number, options: { seed?: string; rate?: number; stepMs?: number } = {}) {
  const { seed = "a", rate = 2, stepMs = toMs - fromMs } = options;
  const traffic = new Traffic({ seed, rate }, fromMs);
  const events: DemoEvent[] = [];
  for (let ms = fromMs; ms < toMs; ms += stepMs) events.push(...traffic.until(Math.min(toMs, ms + stepMs)));
  return events;
}

function bySession(events: readonly DemoEvent[]): ReadonlyMap<string, DemoEvent[]> {
  const sessions = new Map<string, DemoEvent[]>();
  for (const event of events) sessions.set(event.sessionId, [...(sessions.get(event.sessionId) ?? []), event]);
  return sessions;
}

describe("a demo's traffic", () => {
  it("is the same for the same seed, and another for another", () => {
    const events = play(NOON, NOON + HOUR_MS);
    expect(play(NOON, NOON + HOUR_MS)).toEqual(events);
    const others = new Set(play(NOON, NOON + HOUR_MS, { seed: "b" }).map(({ eventId }) => eventId));
    expect(events.some(({ eventId }) => others.has(eventId))).toBe(false);
  });

  it("is the same in whatever pieces it is taken, and wherever taking it begins", () => {
    const whole = play(NOON, NOON + HOUR_MS);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 * 60_000 }), fc.integer({ min: 777, max: HOUR_MS }), (late, stepMs) => {
        const part = play(NOON + late, NOON + HOUR_MS, { stepMs });
        expect(part).toEqual(whole.filter(({ timeMs }) => timeMs >= NOON + late));
      }),
      { numRuns: 8 },
    );
  });

  it("has each event's id once, and its times in order", () => {
    const events = play(NOON, NOON + HOUR_MS, { rate: 5 });
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
    const times = events.map(({ timeMs }) => timeMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every(Number.isInteger)).toBe(true);
  });

  it("at a higher rate adds visits to those of a lower one", () => {
    const more = new Map(play(NOON, NOON + HOUR_MS, { rate: 6 }).map((event) => [event.eventId, event]));
    const fewer = play(NOON, NOON + HOUR_MS, { rate: 1 });
    expect(fewer.length).toBeGreaterThan(1_000);
    for (const event of fewer) expect(more.get(event.eventId)).toEqual(event);
  });

  it("comes at the rate asked for over a week, more by day than by night, and less on Sunday", () => {
    const perHour = Array.from({ length: 168 }, () => 0);
    for (const { timeMs } of play(MONDAY, MONDAY + 168 * HOUR_MS, { rate: 0.2 })) {
      perHour[Math.floor((timeMs - MONDAY) / HOUR_MS)]! += 1;
    }
    const sum = perHour.reduce((total, count) => total + count, 0);
    expect(sum / (168 * 3_600)).toBeGreaterThan(0.2 * 0.93);
    expect(sum / (168 * 3_600)).toBeLessThan(0.2 * 1.07);
    expect(perHour[14]! / perHour[3]!).toBeGreaterThan(1.5);
    expect(perHour[6 * 24 + 14]! / perHour[14]!).toBeLessThan(0.75);
    let mean = 0;
    for (let hour = 0; hour < 168; hour++) mean += rhythm(MONDAY + hour * HOUR_MS) / 168;
    expect(mean).toBeCloseTo(1, 2);
  });
});

describe("a visit", () => {
  const sessions = bySession(play(NOON - 30 * 60_000, NOON + 3 * HOUR_MS, { rate: 5 }));
  const whole = [...sessions.values()].filter(([first]) => first!.isFirst && first!.timeMs < NOON + 2 * HOUR_MS);
  const all = whole.flat();

  it("is of one visitor, begins with a page, goes on in order and ends", () => {
    for (const events of whole) {
      expect(events[0]).toMatchObject({ name: "page_view", isFirst: true });
      expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
      expect(events.filter(({ isFirst }) => isFirst).length).toBe(1);
      expect(events.at(-1)!.timeMs - events[0]!.timeMs).toBeLessThanOrEqual(VISIT_MS_MAX + 300_000);
    }
  });

  it("comes from somewhere, and then from the page before", () => {
    const isBot = ({ properties }: DemoEvent) => /bot/i.test(String(properties["user_agent"]));
    for (const events of whole.filter(([first]) => !isBot(first!))) {
      const views = events.filter(({ name }) => name === "page_view");
      for (const [at, view] of views.entries()) {
        const before = views[at - 1];
        if (before === undefined) expect(String(view.properties["referrer"] ?? "")).not.toContain("demo.example.org");
        else if (!/welcome|thanks/.test(String(view.properties["url"]))) {
          expect(view.properties["referrer"]).toBe(String(before.properties["url"]).split("?")[0]);
        }
      }
    }
  });

  it("has about as many events as the rate is reckoned with, and often a single one", () => {
    expect(all.length / whole.length).toBeGreaterThan(EVENTS_PER_VISIT * 0.9);
    expect(all.length / whole.length).toBeLessThan(EVENTS_PER_VISIT * 1.1);
    const bounced = whole.filter((events) => events.length === 1).length / whole.length;
    expect(bounced).toBeGreaterThan(0.35);
    expect(bounced).toBeLessThan(0.65);
  });

  it("may be of somebody who comes again, signs up or orders, or of a crawler", () => {
    const visitors = new Map<string, number>();
    for (const [first] of whole) visitors.set(first!.anonymousId, (visitors.get(first!.anonymousId) ?? 0) + 1);
    expect([...visitors.values()].some((visits) => visits > 1)).toBe(true);
    const names = new Set(all.map(({ name }) => name));
    expect(names).toEqual(new Set(["page_view", "signup", "order"]));
    const orders = all.filter(({ name }) => name === "order");
    expect(new Set(orders.map(({ properties }) => properties["order_id"])).size).toBe(orders.length);
    for (const { userId, properties } of orders) {
      expect(userId).toBeDefined();
      expect(properties["revenue"]).toBeGreaterThan(0);
    }
    for (const { userId } of all.filter(({ name }) => name === "signup")) expect(userId).toBeDefined();
    expect(all.some(({ properties }) => /Googlebot/.test(String(properties["user_agent"])))).toBe(true);
    expect(new Set(all.map(({ properties }) => properties["country"])).size).toBeGreaterThan(8);
  });
});
