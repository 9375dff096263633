import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "./generated-files.ts";

const root = join(import.meta.dirname, "../../..");

describe("the chart's dashboards and rules", () => {
  it("are what the sources make of them: if not, `npm run generate:observability`", () => {
    const outdated = [...generatedFiles()].filter(([path, text]) => textOf(path) !== text).map(([path]) => path);
    expect(outdated).toEqual([]);
  });

  it("are all made from sources", () => {
    const there = globSync("charts/millrace/files/{dashboards,rules}/*", { cwd: root });
    const made = generatedFiles();
    expect(there.map((path) => path.replaceAll("\\", "/")).filter((path) => !made.has(path))).toEqual([]);
  });
});

function textOf(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n");
  } catch {
    return undefined;
  }
}
