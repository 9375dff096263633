import type { Argument, Command, Option } from "commander";

/** Something that may stand where the cursor is. */
export type Candidate = { readonly value: string; readonly description?: string };

/** A kind of names that are asked for where they are needed. */
export type NameKind = "project" | "metric" | "dimension" | "rollup" | "key" | "context" | "zone" | "dead letter";

/** Gives names of a kind; none where they can not be had quickly. */
export type NameSource = (kind: NameKind, typed: TypedOptions) => Promise<readonly Candidate[]>;

/** What was typed of the options that say where names are to be asked for. */
export type TypedOptions = Readonly<Partial<Record<"url" | "key" | "project" | "context", string>>>;

/** What completes a word; `files` where it is the shell's own task. */
export type Completions = readonly Candidate[] | "files";

const FILE_OPTIONS = new Set(["--file", "--mapping"]);

/** Which names an option takes, and whether it takes several separated by commas. */
const OPTION_NAMES: Readonly<Record<string, { readonly kinds: readonly NameKind[]; readonly isList?: boolean }>> = {
  "--project": { kinds: ["project"] },
  "--context": { kinds: ["context"] },
  "--by": { kinds: ["dimension"], isList: true },
  "--metrics": { kinds: ["metric"], isList: true },
  "--order": { kinds: ["metric", "dimension"] },
  "--time-zone": { kinds: ["zone"] },
};

/** Values that an option suggests, though others are fine. */
const OPTION_VALUES: Readonly<Record<string, readonly string[]>> = {
  "--scope": ["ingest", "import", "report", "admin"],
  "--last": ["90m", "24h", "7d", "4w", "3mo"],
};
const LISTS = new Set(["--scope"]);

/** Which names a command's arguments are. */
const ARGUMENT_NAMES: Readonly<Record<string, NameKind>> = {
  query: "metric",
  watch: "metric",
  "project get": "project",
  "project update": "project",
  "metric get": "metric",
  "rollup get": "rollup",
  "key get": "key",
  "key revoke": "key",
  "dead-letters show": "dead letter",
  "dead-letters redrive": "dead letter",
  "context use": "context",
  "context show": "context",
  "context remove": "context",
};

/**
 * What may stand in place of the last word.
 *
 * @param words what follows the program's name, up to the cursor; the last one may be empty
 */
export async function complete(program: Command, words: readonly string[], names: NameSource): Promise<Completions> {
  const current = words.at(-1) ?? "";
  const place = placeOf(program, words.slice(0, -1));
  if (place.pending !== undefined) return valuesOf(place.pending, current, "", place, names);
  const assigned = /^(--[a-z-]+)=(.*)$/s.exec(current);
  if (assigned !== null) {
    const option = optionNamed(place.command, assigned[1]!);
    return option === undefined ? [] : valuesOf(option, assigned[2]!, `${assigned[1]}=`, place, names);
  }
  if (current.startsWith("-")) return starting(optionsOf(place.command).flatMap(flagsOf), current);
  const { command } = place;
  const below = command.commands.filter((each) => !isHidden(each));
  if (below.length > 0 && place.operands === 0) {
    return starting(
      below.map((each) => candidate(each.name(), each.description())),
      current,
    );
  }
  return argumentsOf(place, current, names);
}

/** Where the cursor is: the command, the option that waits for its value, and how many operands there are. */
type Place = {
  readonly command: Command;
  readonly path: string;
  readonly pending: Option | undefined;
  readonly operands: number;
  readonly typed: TypedOptions;
};

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  const path: string[] = [];
  let pending: Option | undefined;
  let operands = 0;
  const typed: Record<string, string> = {};
  for (const word of words) {
    if (pending !== undefined) {
      typed[pending.attributeName()] = word;
      pending = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const [flag = "", value] = word.split("=", 2);
      const option = optionNamed(command, flag);
      if (option === undefined || option.isBoolean() || option.negate) continue;
      if (value !== undefined) typed[option.attributeName()] = value;
      else if (option.required) pending = option;
      continue;
    }
    const next = operands === 0 ? command.commands.find((each) => each.name() === word) : undefined;
    if (next === undefined) operands += 1;
    else {
      command = next;
      path.push(word);
    }
  }
  return { command, path: path.join(" "), pending, operands, typed };
}

async function valuesOf(
  option: Option,
  current: string,
  prefix: string,
  { typed }: Place,
  names: NameSource,
): Promise<Completions> {
  const flag = option.long ?? "";
  if (FILE_OPTIONS.has(flag)) return "files";
  const known = OPTION_NAMES[flag];
  const isList = known?.isList === true || LISTS.has(flag);
  // Of a list the last item is completed; what stands before it stays.
  const head = isList ? current.slice(0, current.lastIndexOf(",") + 1) : "";
  const values = [...(option.argChoices ?? []), ...(OPTION_VALUES[flag] ?? [])].map((value) => candidate(value));
  for (const kind of known?.kinds ?? []) values.push(...(await names(kind, typed)));
  return starting(
    values.map(({ value, ...rest }) => ({ value: `${prefix}${head}${value}`, ...rest })),
    `${prefix}${current}`,
  );
}

async function argumentsOf(place: Place, current: string, names: NameSource): Promise<Completions> {
  const { command, path, operands, typed } = place;
  const argument: Argument | undefined = command.registeredArguments[operands] ?? command.registeredArguments.at(-1);
  if (argument === undefined || (operands >= command.registeredArguments.length && !argument.variadic)) return [];
  if (argument.argChoices !== undefined)
    return starting(
      argument.argChoices.map((value) => candidate(value)),
      current,
    );
  const kind = ARGUMENT_NAMES[path];
  return kind === undefined ? [] : starting(await names(kind, typed), current);
}

function optionNamed(command: Command, flag: string): Option | undefined {
  return optionsOf(command).find((option) => option.long === flag || option.short === flag);
}

/** A command's own options, and those of the commands above it. */
function optionsOf(command: Command): readonly Option[] {
  const options: Option[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) options.push(...each.options);
  return options.filter((option) => !option.hidden);
}

function flagsOf(option: Option): readonly Candidate[] {
  return option.long === undefined ? [] : [candidate(option.long, option.description)];
}

function candidate(value: string, description = ""): Candidate {
  return description === "" ? { value } : { value, description };
}

function starting(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ value }) => {
    if (!value.startsWith(current) || seen.has(value)) return false;
    seen.add(value);
    return true;
  });
}

/** Commands that begin with an underscore are for scripts. */
function isHidden(command: Command): boolean {
  return command.name().startsWith("_");
}
