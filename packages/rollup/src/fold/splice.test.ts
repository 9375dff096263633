import { create } from "@bufbuild/protobuf";
import { DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Block } from "../block/block.ts";
import { layoutFamilies } from "../definitions/layout.ts";
import { templateMetrics, templateRollups } from "../template/template.ts";
import { applyDelta } from "./apply-delta.ts";
import { NO_DERIVED_FIELDS } from "./field.ts";
import { applyPacked, packCells } from "./packed-cells.ts";
import { compile } from "./plan.ts";
import { splicePacked } from "./splice.ts";

const NOW = Date.UTC(2026, 5, 1);

function planOf(template: Template, maxTuples: number) {
  const metrics = [...templateMetrics(template)];
  const rollups = templateRollups(template).map((rollup) => ({ ...rollup, maxTuples }));
  const families = layoutFamilies([], rollups, metrics);
  return compile(create(DefinitionsSchema, { metrics, rollups, families, dayOffsetsMinutes: [0] }), NO_DERIVED_FIELDS);
}

const text = fc.constantFrom("", "a", "ab", "b", "ÿ", "😀", "\uffff", "x".repeat(130), "\ud800", "c", "d");
const event = fc.record({
  name: fc.constantFrom("page_view", "request", "order"),
  page: text,
  user: text,
  ms: fc.nat(900),
});
const records = fc.array(
  fc.record({ step: fc.integer({ min: -1, max: 2 }), events: fc.array(event, { minLength: 1, maxLength: 3 }) }),
  { maxLength: 25 },
);

it.each([Template.WEB, Template.SERVICE, Template.SHOP])(
  "folds packed records into bytes as objects do: template %i",
  (template) => {
    fc.assert(
      fc.property(records, fc.constantFrom(3, 100), (history, maxTuples) => {
        const plan = planOf(template, maxTuples);
        const [family] = plan.families;
        const block = Block.empty(family!.schema);
        const packed = Block.empty(family!.schema);
        let bytes: Uint8Array | undefined;
        let offset = 0;
        for (const { step, events } of history) {
          offset = Math.max(0, offset + step);
          const delta = plan.newDelta(NOW);
          for (const { name, page, user, ms } of events) {
            const keys = [
              "page",
              "referrer",
              "path",
              "service",
              "product",
              "country",
              "latency_ms",
              "amount",
              "status",
            ];
            const values = [page, user, page, page, page, user, ms, ms / 7, ms];
            const ids = { eventId: "e", userId: user, anonymousId: page, sessionId: "", userAgent: "", late: false };
            plan.fold(delta, { name, ...ids, keys, values, count: keys.length, timeMs: NOW, receivedAtMs: NOW });
          }
          const part = plan
            .parts(delta)
            .find(({ family: one, granularity }) => one === family && granularity === "1h")!;
          const minute = packCells(family!.schema, part.cells[0]!);
          const appendTimeMs = NOW + (offset % 3);
          applyDelta(block, [part], offset, appendTimeMs);
          applyPacked(packed, [minute], offset, appendTimeMs);
          const spliced = splicePacked(family!.schema, bytes, minute, offset, appendTimeMs);
          if (spliced === undefined) {
            const slow = bytes === undefined ? Block.empty(family!.schema) : Block.decode(family!.schema, bytes);
            applyPacked(slow, [minute], offset, appendTimeMs);
            bytes = slow.encode();
          } else {
            bytes = spliced.blob;
            expect(spliced.wts).toBe(block.wts);
          }
          expect(packed.encode()).toEqual(block.encode());
          expect(bytes).toEqual(block.encode());
        }
      }),
      { numRuns: 150 },
    );
  },
);
