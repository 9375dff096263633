import type { VariableTable } from "./parse-environment.ts";

const WIDTH = 100;
const INDENT = "      ";

/** The table for `--help`: each variable's name, default, meaning, and what it may be. */
export function describeVariables(table: VariableTable): string {
  return Object.values(table)
    .map((variable) => {
      const fallback = variable.required ? "required" : variable.fallbackText;
      const head = `  ${variable.name}${fallback === "" ? "" : `  (${fallback})`}`;
      const secret = variable.secret ? ` Secret: may also be given as a file, by ${variable.name}_FILE.` : "";
      return `${head}\n${wrap(`${variable.doc} Must be ${variable.allowed}.${secret}`)}`;
    })
    .join("\n");
}

function wrap(sentence: string): string {
  const lines: string[] = [];
  let line = INDENT.slice(1);
  for (const word of sentence.split(" ")) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== "") {
      lines.push(line);
      line = INDENT.slice(1);
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
