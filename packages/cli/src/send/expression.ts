import { Failure } from "@millrace/failure";
import { nearest } from "../nearest.ts";
import type { Row } from "./row.ts";

/** One factor of an expression. */
export type Factor =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "column"; readonly name: string };

/** What a field is made from: one factor as it is, or the product of several. */
export type Expression = readonly Factor[];

/** The factor's value in a row; undefined where it is absent or empty. */
export type Reader = (row: Row) => unknown;

const TOKEN = /\s*(?:'([^']*)'|"([^"]*)"|([^*'"]+?))\s*(\*|$)/y;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * Parses `column`, `'text'`, `"a column named so"`, `2.5`, or a product of columns and numbers, `A*B`.
 *
 * @throws Failure `invalid`
 */
export function parseExpression(text: string): Expression {
  const factors: Factor[] = [];
  TOKEN.lastIndex = 0;
  for (let more = true; more; ) {
    const found = TOKEN.exec(text);
    if (found === null) throw invalid(text, "write a column, 'text', or a product such as quantity*price");
    const [, literal, quoted, bare = "", end] = found;
    if (literal !== undefined) factors.push({ kind: "text", text: literal });
    else if (quoted !== undefined) factors.push({ kind: "column", name: quoted });
    else if (NUMBER.test(bare)) factors.push({ kind: "number", value: Number(bare) });
    else factors.push({ kind: "column", name: bare });
    more = end === "*";
  }
  if (factors.length > 1 && factors.some(({ kind }) => kind === "text"))
    throw invalid(text, "text can not be multiplied");
  return factors;
}

/**
 * How a factor is read from rows with these columns, or with keys as in `example`.
 *
 * @param optional whether it is fine that there is no such column
 * @throws Failure `invalid` when there is none, naming the nearest
 */
export function readerOf(
  factor: Factor,
  columns: readonly string[] | undefined,
  example: Row,
  optional: boolean,
): Reader {
  if (factor.kind === "text") return () => factor.text;
  if (factor.kind === "number") return () => factor.value;
  const { name } = factor;
  if (columns !== undefined) {
    const index = columns.indexOf(name);
    if (index !== -1) return ({ cells }) => presentIn((cells as readonly string[])[index]);
    if (optional) return () => undefined;
    throw missing(name, columns, "the file has no column");
  }
  const read: Reader = ({ cells }) => presentIn(valueAt(cells as Readonly<Record<string, unknown>>, name));
  const keys = Object.keys(example.cells);
  if (optional || keys.includes(name) || valueAt(example.cells as Record<string, unknown>, name) !== undefined)
    return read;
  const hint = `where not every record has it, write FIELD?=${name}`;
  throw missing(name, keys, "the first record has no key", hint);
}

function presentIn(value: unknown): unknown {
  return value === "" || value === null ? undefined : value;
}

/** The value of a key, or of a path of keys with dots. */
function valueAt(object: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(object, path)) return object[path];
  if (!path.includes(".")) return undefined;
  let value: unknown = object;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function invalid(text: string, why: string): Failure {
  return new Failure("invalid", "FIELD_INVALID", `"${text}" is not understood: ${why}`);
}

function missing(name: string, known: readonly string[], what: string, hint?: string): Failure {
  const near = nearest(name, known);
  const meant = near === undefined ? ` (there are ${known.slice(0, 30).join(", ")})` : `; did you mean "${near}"?`;
  const lines = [`${what} "${name}"${meant}`];
  if (hint !== undefined) lines.push(`  ${hint}`);
  lines.push(`  for fixed text write it in quotes that the shell keeps: "name='${name}'"`);
  return new Failure("invalid", "FIELD_INVALID", lines.join("\n"));
}
