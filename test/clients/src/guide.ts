/** The guide docs/clients.md, read as steps that a test can take, so that it can't rot. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "@millrace/harness";

/** A program to save, or lines for a shell with what their output must contain, in order. */
export type Step =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  | { readonly kind: "shell"; readonly script: string; readonly expected: readonly string[] };

/**
 * The code blocks below a heading of the guide. A block whose fence names a file is that file; what stands behind an
 * arrow in a block for the shell is part of what is printed.
 */
export function readGuide(heading: string): Step[] {
  const guide = readFileSync(join(CHECKOUT, "docs/clients.md"), "utf8");
  const [, section = ""] = guide.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  return [...own.matchAll(/^```(\w+) ?([\w.-]*)\n([\s\S]*?)^```$/gm)].map(([, , name = "", text = ""]): Step => {
    if (name !== "") return { kind: "file", name, text };
    const expected = [...text.matchAll(/# → (.+)$/gm)].map(([, wanted = ""]) => wanted);
    return { kind: "shell", script: text, expected };
  });
}
