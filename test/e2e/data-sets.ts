import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CHECKOUT } from "@millrace/harness";

/** Text to import, and where it comes from. */
export type DataSet = { readonly title: string; readonly text: () => string };

/**
 * The same check is made on a real file, where it lies beside the checkout (`MILLRACE_SHARED_DATA`, by default
 * `../shared/data`), and always on generated data.
 *
 * @param real the name of a gzipped file, and what to take of its text
 */
export function dataSets(
  real: { readonly file: string; readonly take: (text: string) => string },
  generate: () => string,
): DataSet[] {
  const generated = { title: "generated data", text: generate };
  const path = join(process.env["MILLRACE_SHARED_DATA"] ?? join(CHECKOUT, "../shared/data"), real.file);
  if (!existsSync(path)) {
    process.stdout.write(`${real.file} is not there: this is checked on generated data alone\n`);
    return [generated];
  }
  const text = () => real.take(gunzipSync(readFileSync(path)).toString());
  return [generated, { title: real.file, text }];
}

/** Whether real files are to be imported whole instead of a part of them. */
export const IS_WHOLE = process.env["MILLRACE_E2E_WHOLE"] === "1";

/** The first line, and each `nth` of the others. */
export function everyNthLine(text: string, nth: number): string {
  const [header, ...lines] = text.trimEnd().split("\n");
  return `${[header, ...lines.filter((_, i) => i % nth === 0)].join("\n")}\n`;
}

/** Random numbers in [0, 1) that are the same in every run: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
