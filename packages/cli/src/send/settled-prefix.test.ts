import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SettledPrefix } from "./settled-prefix.ts";

describe("how far a file is settled", () => {
  it("never passes a batch that is open, in whatever order batches settle", () => {
    const histories = fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), order: fc.double({ noNaN: true }) }));
    fc.assert(
      fc.property(histories, (batches) => {
        const prefix = new SettledPrefix();
        let end = 0;
        const open = batches.map(({ size, order }) => {
          end += size;
          return { end, order, settle: prefix.begin(end), isSettled: false };
        });
        for (const batch of open.toSorted((a, b) => a.order - b.order)) {
          batch.settle();
          batch.isSettled = true;
          const firstOpen = open.findIndex(({ isSettled }) => !isSettled);
          const expected = firstOpen === -1 ? end : (open[firstOpen - 1]?.end ?? 0);
          expect(prefix.position).toBe(expected);
        }
      }),
    );
  });

  it("begins where an earlier run ended", () => {
    const prefix = new SettledPrefix(500);
    expect(prefix.position).toBe(500);
    prefix.begin(600)();
    expect(prefix.position).toBe(600);
  });
});
