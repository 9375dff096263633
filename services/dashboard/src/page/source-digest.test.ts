import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { digestOfSources } from "./source-digest.ts";

it("changes with what the page is built from, and with nothing else", async () => {
  const checkout = mkdtempSync(join(tmpdir(), "millrace-sources-"));
  onTestFinished(() => rmSync(checkout, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), text);
    return digestOfSources(checkout);
  };
  const first = await write("services/dashboard/web/chart/chart.tsx", "1");
  expect(first).toMatch(/^[0-9a-f]{20}$/);
  expect(await digestOfSources(checkout)).toBe(first);
  expect(await write("services/dashboard/web/chart/chart.test.ts", "1")).toBe(first);
  expect(await write("services/ingest/src/app.ts", "1")).toBe(first);
  const seen = new Set([first]);
  for (const path of [
    "services/dashboard/web/chart/chart.tsx",
    "package-lock.json",
    "packages/api/src/gen/a/b_pb.ts",
  ]) {
    seen.add(await write(path, "2"));
  }
  expect(seen.size).toBe(4);
});
