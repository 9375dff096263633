import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const text = readFileSync(join(ROOT, "docs/guarantees.md"), "utf8");

it("docs/guarantees.md names tests that are there", () => {
  const files = [...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(20);
  expect([...new Set(files)].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

it("docs/guarantees.md says of every promise where it is tested", () => {
  const promises = [...text.matchAll(/\[(a\d+)\]\(#tests\)/g)].map(([, name]) => name!);
  const rows = [...text.matchAll(/^\| (a\d+) \| .*`.*\.test\.ts`/gm)].map(([, name]) => name!);
  expect(promises.length).toBeGreaterThan(5);
  expect(rows).toEqual(promises);
});
