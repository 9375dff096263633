/** The values of charts/millrace are documented, in the schema, and in what is made of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHART, release } from "../../test/charts/src/release.ts";
import { documentedValues } from "./documented-values.ts";
import { madeFiles } from "./made-files.ts";

it("what is made of values and tables is current: npm run chart", () => {
  for (const { path, content } of madeFiles()) expect(readFileSync(path, "utf8") === content, path).toBe(true);
});

describe("every value", () => {
  const source = readFileSync(join(CHART, "values.yaml"), "utf8");
  const values = documentedValues(source);

  it("is documented in place, or under defaults by the same name", () => {
    const documented = new Set(values.filter(({ comment }) => comment !== "").map(({ path }) => path));
    const missing = values.filter(({ path }) => {
      const asDefault = path.replace(/^(ingest|processing|config|reporting|dashboard)\./, "defaults.");
      const of = (name: string) => documented.has(name);
      return !of(path) && !of(asDefault) && !of(asDefault.replace(/\.[^.]+$/, ""));
    });
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  it("is in the schema, and the schema has no other", () => {
    const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8"));
    const known = pathsOf(schema).filter(
      (path) => !/^(ingest|processing|config|reporting|dashboard)\.|^defaults\.(image|resources)\./.test(path),
    );
    const paths = new Set(values.map(({ path }) => path));
    expect(known.filter((path) => !paths.has(path))).toEqual([]);
  });

  it("may be left as it is", () => {
    expect(release().manifests.length).toBeGreaterThan(30);
  });
});

/** The paths of a schema's maps and leaves. */
function pathsOf(schema: { readonly properties?: Readonly<Record<string, object>> }, prefix = ""): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => [
    `${prefix}${name}`,
    ...pathsOf(each, `${prefix}${name}.`),
  ]);
}
