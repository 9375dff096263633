import { readdirSync, readFileSync } from "node:fs";
import { hashWords, murmur3Text } from "@millrace/hash";
import { describe, expect, it } from "vitest";
import { averageKind } from "../aggregation/average.ts";
import { countKind } from "../aggregation/count.ts";
import { maxKind, minKind } from "../aggregation/extreme.ts";
import { quantilesKind } from "../aggregation/quantiles.ts";
import type { State, StateKind } from "../aggregation/state.ts";
import { sumKind } from "../aggregation/sum.ts";
import { uniqueKinds } from "../aggregation/unique.ts";
import { Block } from "./block.ts";
import { type BlockSchema, emptyCell } from "./schema.ts";

/** What one metric of a cell sees: events, numbers (or their names, for those JSON lacks), or different texts. */
type Inputs =
  | { readonly events: number }
  | { readonly numbers: readonly (number | string)[] }
  | { readonly texts: string; readonly count: number };

type GoldenCase = {
  readonly name: string;
  readonly rollups: readonly {
    readonly number: number;
    readonly kinds: readonly string[];
    readonly maxCells: number;
  }[];
  /** Merged in this order: all but the last as the record before `offset`, the last as the record at it. */
  readonly merges: readonly { readonly rollup: number; readonly tuple: string; readonly inputs: readonly Inputs[] }[];
  readonly offset: number;
  readonly appendTimeMs: number;
  /** The whole block. */
  readonly hex: string;
  /** The partial block of the last record. */
  readonly touchedHex: string;
};

const kinds: readonly StateKind[] = [
  countKind,
  sumKind,
  minKind,
  maxKind,
  averageKind,
  uniqueKinds[11],
  uniqueKinds[14],
  quantilesKind,
];

function feed(state: State, inputs: Inputs): void {
  if ("events" in inputs) {
    for (let i = 0; i < inputs.events; i++) state.addOne();
  } else if ("numbers" in inputs) {
    for (const value of inputs.numbers) state.addNumber(Number(value));
  } else {
    for (let i = 0; i < inputs.count; i++) {
      murmur3Text(`${inputs.texts}${i}`, 0);
      state.addHash(hashWords[0]!, hashWords[1]!);
    }
  }
}

function schemaOf(golden: GoldenCase): BlockSchema {
  return {
    rollups: golden.rollups.map((rollup) => ({
      ...rollup,
      kinds: rollup.kinds.map((name) => kinds.find((kind) => kind.name === name)!),
    })),
  };
}

function build(golden: GoldenCase): { hex: string; touchedHex: string } {
  const schema = schemaOf(golden);
  const block = Block.empty(schema);
  golden.merges.forEach(({ rollup, tuple, inputs }, i) => {
    if (i === golden.merges.length - 1) {
      block.advance(golden.offset - 1, golden.appendTimeMs - 1);
      block.takeTouched();
    }
    const index = schema.rollups.findIndex(({ number }) => number === rollup);
    const cell = emptyCell(schema.rollups[index]!);
    cell.forEach((state, metric) => {
      feed(state, inputs[metric]!);
    });
    block.merge(index, tuple, cell);
  });
  block.advance(golden.offset, golden.appendTimeMs);
  const touched = block.takeTouched()!;
  return { hex: toHex(block.encode()), touchedHex: toHex(touched.bytes) };
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const folder = new URL("golden/", import.meta.url);

describe.each(readdirSync(folder).sort())("blocks of %s, as once stored,", (file) => {
  const cases = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as readonly GoldenCase[];

  it.each(cases.map((golden) => [golden.name, golden] as const))("can still be read: %s", (_, golden) => {
    const schema = schemaOf(golden);
    const bytes = Buffer.from(golden.hex, "hex");
    expect(toHex(Block.decode(schema, bytes).encode())).toBe(golden.hex);
  });

  // Once a second format is written, this is for the newest file alone.
  it.each(cases.map((golden) => [golden.name, golden] as const))("are still what folding gives: %s", (_, golden) => {
    expect(build(golden)).toEqual({ hex: golden.hex, touchedHex: golden.touchedHex });
  });
});
