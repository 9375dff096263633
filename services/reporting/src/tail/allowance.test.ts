import fc from "fast-check";
import { expect, it } from "vitest";
import { Allowance } from "./allowance.ts";

it("never allows more in any second than it may, and all of it after a second of rest", () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(600), wanted: fc.nat(30) }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), steps, (perSecond, asked) => {
      const allowance = new Allowance(perSecond);
      const used: { readonly atMs: number; readonly count: number }[] = [];
      let nowMs = 0;
      for (const { afterMs, wanted } of asked) {
        nowMs += afterMs;
        const count = Math.min(wanted, allowance.left(nowMs));
        allowance.use(count, nowMs);
        used.push({ atMs: nowMs, count });
        const second = used.filter(({ atMs }) => atMs > nowMs - 1_000);
        expect(second.reduce((sum, one) => sum + one.count, 0)).toBeLessThanOrEqual(perSecond);
      }
      expect(allowance.left(nowMs + 1_000)).toBe(perSecond);
    }),
  );
});
