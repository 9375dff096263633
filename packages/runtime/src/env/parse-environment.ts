import { readFileSync } from "node:fs";
import { Failure, type FieldViolation } from "@millrace/failure";
import { nearestName } from "./nearest-name.ts";
import type { Variable } from "./variables.ts";

/** A process's variables by the names that its code uses for them. */
export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** The values of a table's variables. */
export type Values<Table extends VariableTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Variable<infer T> ? T : never;
};

/** The process environment, or a stand-in for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How to read an environment. */
export type ParseOptions = {
  /** Told of each MILLRACE_* variable that the table does not know. */
  readonly onWarning?: (message: string) => void;
  /** Reads the file that a `..._FILE` variable names. */
  readonly readFile?: (path: string) => string;
  /** Names that other parts of the process read by themselves, so that they are known. */
  readonly alsoKnown?: readonly string[];
};

/** Declares a process's variables. Two entries with one name are a defect, and refused. */
export function defineVariables<const Table extends VariableTable>(table: Table): Table {
  const names = new Set<string>();
  for (const { name } of Object.values(table)) {
    if (names.has(name)) throw new Error(`${name} is declared twice`);
    names.add(name);
  }
  return Object.freeze(table);
}

/**
 * The frozen, typed values of a table's variables. An empty variable is unset. A variable may be given as a file,
 * named by the variable's name with `_FILE`; white space at the file's end is dropped.
 *
 * Fails with `invalid`, once, naming every wrong variable with its value (never a secret's) and what is allowed.
 */
export function parseEnvironment<Table extends VariableTable>(
  table: Table,
  environment: Environment,
  options: ParseOptions = {},
): Values<Table> {
  const violations: FieldViolation[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(table)) {
    const read = readVariable(variable, environment, options);
    if ("problem" in read) violations.push({ field: variable.name, description: read.problem });
    else values[key] = read.value;
  }
  if (violations.length > 0) {
    const lines = violations.map(({ field, description }) => `  ${field}: ${description}`);
    throw new Failure("invalid", "FIELD_INVALID", `The configuration is wrong:\n${lines.join("\n")}`, { violations });
  }
  warnOfUnknown(table, environment, options);
  return Object.freeze(values) as Values<Table>;
}

function readVariable(
  variable: Variable<unknown>,
  environment: Environment,
  options: ParseOptions,
): { readonly value: unknown } | { readonly problem: string } {
  const given = environment[variable.name] ?? "";
  const file = environment[`${variable.name}_FILE`] ?? "";
  if (given !== "" && file !== "") return { problem: `is given twice, here and by ${variable.name}_FILE` };
  let value = given;
  if (file !== "") {
    try {
      value = (options.readFile ?? readTextFile)(file).trimEnd();
    } catch {
      return { problem: `${variable.name}_FILE names ${JSON.stringify(file)}, which can not be read` };
    }
  }
  if (value === "") {
    return variable.required ? { problem: `is not set; it must be ${variable.allowed}` } : { value: variable.fallback };
  }
  const read = variable.read(value);
  if ("value" in read) return read;
  const shown = variable.secret ? "its value" : JSON.stringify(value);
  return { problem: `${shown} is not allowed; it must be ${read.allowed}` };
}

function readTextFile(path: string): string {
  return readFileSync(path, "utf8");
}

function warnOfUnknown(table: VariableTable, environment: Environment, options: ParseOptions): void {
  const names = [...Object.values(table).map(({ name }) => name), ...(options.alsoKnown ?? [])];
  const known = new Set(names.flatMap((name) => [name, `${name}_FILE`]));
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("MILLRACE_") || known.has(name)) continue;
    const nearest = nearestName(name, names);
    options.onWarning?.(
      `${name} is not a variable that is known here${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
    );
  }
}
