import { resolve } from "node:path";

/** What a text may not be: a sentence part that completes "must be ...". */
export type Refusal = { readonly allowed: string };

/** One environment variable of a process: how it is named, read and explained. */
export type Variable<T> = {
  readonly name: string;
  readonly doc: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** The value when the variable is unset. */
  readonly fallback: T | undefined;
  /** The fallback as a person would write it; empty when there is none. */
  readonly fallbackText: string;
  /** What a value must be, such as "a whole number from 1 to 65535". */
  readonly allowed: string;
  /** The value that a text stands for, or what would have been allowed. */
  readonly read: (text: string) => { readonly value: T } | Refusal;
};

/** What every variable is declared with. Without `default` and `required` its value may be undefined. */
export type VariableOptions<T> = {
  readonly name: `MILLRACE_${string}`;
  readonly doc: string;
  readonly default?: T;
  readonly required?: boolean;
  readonly secret?: boolean;
};

type Given<O, T> = O extends { readonly default: T } | { readonly required: true } ? T : T | undefined;

function variable<T, O extends VariableOptions<T>>(
  options: O,
  allowed: string,
  read: (text: string) => { readonly value: T } | undefined,
  show: (value: T) => string = String,
): Variable<Given<O, T>> {
  const made: Variable<T> = {
    name: options.name,
    doc: options.doc,
    secret: options.secret ?? false,
    required: options.required ?? false,
    fallback: options.default,
    fallbackText: options.default === undefined ? "" : show(options.default),
    allowed,
    read: (text) => read(text) ?? { allowed },
  };
  // An unset optional variable reads as undefined, which `Given` says and `Variable<T>` can not.
  return made as unknown as Variable<Given<O, T>>;
}

/** A form that a text must have, and how to say that to a person. */
export type Form = { readonly pattern: RegExp; readonly allowed: string };

/** A text, any or of a form. */
export function text<const O extends VariableOptions<string> & { form?: Form }>(
  options: O,
): Variable<Given<O, string>> {
  const { pattern, allowed } = options.form ?? ANY_TEXT;
  return variable<string, O>(options, allowed, (value) => (pattern.test(value) ? { value } : undefined));
}

const ANY_TEXT: Form = { pattern: /^/, allowed: "a text" };

/** A whole number; `min` and `max` are inclusive. */
export function integer<const O extends VariableOptions<number> & { min?: number; max?: number }>(
  options: O,
): Variable<Given<O, number>> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  return variable<number, O>(
    options,
    `a whole number ${boundsText(options.min, options.max, String)}`.trim(),
    (value) => {
      const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? { value: number } : undefined;
    },
  );
}

/** A number of bytes: `4194304`, `64KiB`, `4MiB`, `1GiB`. `min` and `max` are inclusive. */
export function bytes<const O extends VariableOptions<number> & { min?: number; max?: number }>(
  options: O,
): Variable<Given<O, number>> {
  const bounds = boundsText(options.min, options.max, showBytes);
  return variable<number, O>(
    options,
    `a number of bytes, such as 65536, 64KiB or 4MiB, ${bounds}`.replace(/, $/, ""),
    (value) => inUnits(value, BYTE_UNITS, options),
    showBytes,
  );
}

/** A duration in milliseconds: `250`, `250ms`, `30s`, `5m`, `2h`. `min` and `max` are inclusive. */
export function durationMs<const O extends VariableOptions<number> & { min?: number; max?: number }>(
  options: O,
): Variable<Given<O, number>> {
  const bounds = boundsText(options.min, options.max, showDuration);
  return variable<number, O>(
    options,
    `a duration, such as 250ms, 30s or 5m, ${bounds}`.replace(/, $/, ""),
    (value) => inUnits(value, DURATION_UNITS, options),
    showDuration,
  );
}

/** One of a few words. */
export function oneOf<const W extends string, const O extends VariableOptions<NoInfer<W>>>(
  words: readonly W[],
  options: O,
): Variable<Given<O, W>> {
  return variable<W, O>(options, `one of ${words.join(", ")}`, (value) => {
    const word = words.find((candidate) => candidate === value);
    return word === undefined ? undefined : { value: word };
  });
}

/** Yes or no: `true`, `1`, `yes`, `on`, or their opposites. */
export function flag<const O extends VariableOptions<boolean>>(options: O): Variable<Given<O, boolean>> {
  return variable<boolean, O>(options, "true or false", (value) => {
    if (/^(true|1|yes|on)$/i.test(value)) return { value: true };
    if (/^(false|0|no|off)$/i.test(value)) return { value: false };
    return undefined;
  });
}

/** A path in the file system; a relative one is taken from the working directory. */
export function path<const O extends VariableOptions<string>>(options: O): Variable<Given<O, string>> {
  return variable<string, O>(options, "a path", (value) => ({ value: resolve(value) }));
}

/** Texts, any or of a form, separated by commas; white space around them, and empty ones, are dropped. */
export function list<const O extends VariableOptions<readonly string[]> & { form?: Form }>(
  options: O,
): Variable<Given<O, readonly string[]>> {
  const { pattern, allowed } = options.form ?? { pattern: /^/, allowed: "texts separated by commas" };
  return variable<readonly string[], O>(
    options,
    allowed,
    (value) => {
      const parts = value.split(",").flatMap((part) => part.trim() || []);
      return parts.every((part) => pattern.test(part)) ? { value: Object.freeze(parts) } : undefined;
    },
    (value) => value.join(","),
  );
}

type Unit = readonly [suffix: string, factor: number];
const BYTE_UNITS: readonly Unit[] = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
  ["B", 1],
  ["", 1],
];
const DURATION_UNITS: readonly Unit[] = [
  ["ms", 1],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["", 1],
];

function inUnits(
  value: string,
  units: readonly Unit[],
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number },
): { readonly value: number } | undefined {
  const parts = /^(\d{1,15})\s*([A-Za-z]*)$/.exec(value);
  if (parts === null) return undefined;
  const unit = units.find(([suffix]) => suffix.toLowerCase() === parts[2]!.toLowerCase());
  if (unit === undefined) return undefined;
  const number = Number(parts[1]) * unit[1];
  return number >= min && number <= max ? { value: number } : undefined;
}

function showInUnits(value: number, units: readonly Unit[], smallest: string): string {
  const unit = [...units].sort((a, b) => b[1] - a[1]).find(([suffix, factor]) => suffix !== "" && value % factor === 0);
  return unit === undefined || value === 0 ? `${value}${smallest}` : `${value / unit[1]}${unit[0]}`;
}

function showBytes(value: number): string {
  return showInUnits(value, BYTE_UNITS, "");
}

function showDuration(value: number): string {
  return showInUnits(value, DURATION_UNITS, "ms");
}

function boundsText(min: number | undefined, max: number | undefined, show: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return `from ${show(min)} to ${show(max)}`;
  if (min !== undefined) return `of at least ${show(min)}`;
  return max === undefined ? "" : `of at most ${show(max)}`;
}
