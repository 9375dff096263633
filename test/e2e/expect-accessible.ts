import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Page } from "./open-page.ts";

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** Everything else that axe found takes longer to describe, and to bring here, than to find. */
const OPTIONS = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  resultTypes: ["violations"],
};

type AxeViolation = {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
};

/** Resolves when no motion that has an end goes on. */
const SETTLED = `Promise.all(
  document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity)
    .map(({ finished }) => finished.catch(() => undefined)),
).then(() => undefined)`;

/**
 * What axe knows to be wrong by WCAG 2.2 AA is not there, neither in the light nor in the dark, and nothing has to be scrolled
 * sideways at that width in pixels.
 */
export async function expectAccessible(page: Page, width: number): Promise<void> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violationsOf(page), colorScheme).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  }
}

async function violationsOf(page: Page): Promise<string[]> {
  // What has just arrived fades in, and is as pale as it looks until then.
  await page.evaluate(SETTLED);
  const violations = await page.evaluate<readonly AxeViolation[]>(
    `axe.run(document, ${JSON.stringify(OPTIONS)}).then(({ violations }) => violations)`,
  );
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join("\n")}`);
}
