import { describe, expect, it } from "vitest";
import { VisitorSalts } from "./visitor-salts.ts";

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const dateOf = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 10);
const saltOf = (date: string) => new TextEncoder().encode(date);

/** Salts that come from a config whose clock and absence a test sets. */
function setUp() {
  const config = { nowMs: NOON, isAway: false, reads: 0 };
  const warnings: string[] = [];
  const salts = new VisitorSalts({
    async read() {
      config.reads += 1;
      if (config.isAway) throw new Error("away");
      return new Map([config.nowMs, config.nowMs + DAY_MS].map((at) => [dateOf(at), saltOf(dateOf(at))]));
    },
    log: { warn: (_fields, message) => void warnings.push(message) },
  });
  const at = async (nowMs: number) => {
    const salt = await salts.get(nowMs);
    return salt === undefined ? undefined : new TextDecoder().decode(salt);
  };
  return { config, warnings, salts, at };
}

describe("the secret of a day", () => {
  it("is read once for two days, by however many ask at once", async () => {
    const { config, at } = setUp();
    const asked = await Promise.all(Array.from({ length: 20 }, () => at(NOON)));
    expect(new Set(asked)).toEqual(new Set(["2026-01-31"]));
    expect(await at(NOON + HOUR_MS)).toBe("2026-01-31");
    expect(config.reads).toBe(1);
  });

  it("is there when its day begins, though config is away, and until the day ends", async () => {
    const { config, at, warnings } = setUp();
    await at(NOON);
    config.isAway = true;
    expect(await at(Date.UTC(2026, 1, 1))).toBe("2026-02-01");
    expect(await at(Date.UTC(2026, 1, 2) - 1)).toBe("2026-02-01");
    expect(await at(Date.UTC(2026, 1, 2))).toBeUndefined();
    expect(warnings.at(-1)).toContain("visitors are unknown");
  });

  it("of tomorrow is read in the background, so that nobody waits at midnight", async () => {
    const { config, at } = setUp();
    await at(NOON);
    config.nowMs += DAY_MS;
    await at(NOON + DAY_MS);
    expect(config.reads).toBe(2);
    config.isAway = true;
    expect(await at(NOON + 2 * DAY_MS)).toBe("2026-02-02");
  });

  it("is asked for again when config is back, and not at every event before", async () => {
    const { config, at } = setUp();
    config.isAway = true;
    for (let i = 0; i < 10; i++) expect(await at(NOON + i)).toBeUndefined();
    expect(config.reads).toBe(1);
    config.isAway = false;
    expect(await at(NOON + 10_000)).toBe("2026-01-31");
  });

  it("is forgotten when the day after it has ended", async () => {
    const { config, at } = setUp();
    await at(NOON);
    config.isAway = true;
    await at(NOON + 2 * DAY_MS);
    expect(await at(NOON)).toBeUndefined();
  });

  it("is not another day's when config's clock is wrong", async () => {
    const { config, at, warnings } = setUp();
    config.nowMs -= 3 * DAY_MS;
    expect(await at(NOON)).toBeUndefined();
    expect(warnings.length).toBe(1);
  });
});
