import { maskApiKey, parseApiKey } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import type { Command } from "commander";
import {
  CONTEXTS_MAX,
  type Context,
  type Contexts,
  checkedName,
  contextsPath,
  readContexts,
  writeContexts,
} from "../context/contexts-file.ts";
import { readSecret } from "../context/read-secret.ts";
import { contextNamed, type GlobalOptions, withoutSlash } from "../context/target.ts";
import { type Format, formatOf } from "../output/format.ts";
import { print } from "../output/print.ts";
import { printThing, printThings, type Thing } from "../output/things.ts";
import { commandName } from "../terminal/invocation.ts";

const NOTES = `
Examples:
  millrace context add prod --url https://millrace.example.org --project shop
  millrace context add local --url http://127.0.0.1:8080 --key - < key.txt
  millrace context use prod
  millrace query page_views --context local
  millrace context use --none

A context is a server by a name: its address, a key, a project. add asks for the
key without showing it, or reads it from standard input where that is no
terminal; --no-key keeps none. --context NAME and MILLRACE_CONTEXT choose one
for a command, "use" for all that follow. A context's key is shown to its own
server alone. They are kept in $XDG_CONFIG_HOME/millrace/contexts.json (by
default ~/.config), which only its owner can read.`;

/** A context as programs read it, its key masked. */
type ContextDocument = {
  readonly name: string;
  readonly url: string;
  readonly project: string;
  readonly key: string;
  readonly inUse: boolean;
};

const NO_CONTEXT: ContextDocument = { name: "", url: "", project: "", key: "", inUse: false };

/** `millrace context`. */
export function addContextCommand(program: Command): void {
  const context = program
    .command("context")
    .description("Servers by name: add, list, use, show, remove.")
    .addHelpText("after", NOTES);
  context
    .command("add")
    .argument("<name>", "what to call it, such as prod")
    .description("Add a server, or replace the one of that name. --url, --key and --project say what it is.")
    .option("--no-key", "keep no key")
    .option("--json", "short for --output json")
    .addHelpText("after", NOTES)
    .action(add);
  context
    .command("list")
    .description("List the servers; the one in use is marked.")
    .option("--json", "short for --output json")
    .action((_options: unknown, command: Command) => listContexts(command));
  context
    .command("use")
    .argument("[name]", "the context to use from now on")
    .option("--none", "use none")
    .option("--json", "short for --output json")
    .description("Choose the server for the commands that follow.")
    .action((name: string | undefined, options: { none?: boolean }, command: Command) =>
      use(name, options.none === true, command),
    );
  context
    .command("show")
    .argument("[name]", "the context (default: the one in use)")
    .description("Show a server, its key masked.")
    .option("--json", "short for --output json")
    .action((name: string | undefined, _options: unknown, command: Command) => show(name, command));
  context
    .command("remove")
    .argument("<name>", "the context")
    .option("--json", "short for --output json")
    .description("Forget a server and its key.")
    .action((name: string, _options: unknown, command: Command) => remove(name, command));
}

async function add(name: string, _options: unknown, command: Command): Promise<void> {
  const format = formatOf(command);
  const { path, contexts } = known();
  const { url, project, key } = command.optsWithGlobals<Omit<GlobalOptions, "key"> & { key?: string | boolean }>();
  if (url === undefined) throw wrong(`say where it is: millrace context add ${name} --url https://…`);
  const added: Context = {
    url: withoutSlash(url),
    ...(key !== false && { key: await keyOf(key, name) }),
    ...(project !== undefined && { project }),
  };
  const all = { ...contexts.contexts, [checkedName(name)]: added };
  if (Object.keys(all).length > CONTEXTS_MAX) throw wrong(`there are ${CONTEXTS_MAX} contexts already; remove one`);
  const isFirst = Object.keys(all).length === 1;
  const written: Contexts = { ...contexts, contexts: all, ...(isFirst && { current: name }) };
  writeContexts(path, written);
  tell(format, documentOf(name, added, written), [
    `${Object.hasOwn(contexts.contexts, name) ? "Replaced" : "Added"} ${name}: ${added.url}`,
    `It is kept in ${path}.`,
    isFirst ? "It is in use from now on." : `  ${commandName()} context use ${name}`,
  ]);
}

/** The key given, or `true` and "-" for one that is typed or comes from standard input. */
async function keyOf(given: string | boolean | undefined, name: string): Promise<string> {
  const isGiven = typeof given === "string" && given !== "-";
  const text = isGiven ? given : await readSecret(`API key for ${name} (it is not shown): `);
  // A key that was cut off on its way here is better found now than by the server later.
  parseApiKey(text);
  return text;
}

function listContexts(command: Command): void {
  const { contexts } = known();
  const all = Object.entries(contexts.contexts).sort(([a], [b]) => (a < b ? -1 : 1));
  const documents = all.map(([name, each]) => documentOf(name, each, contexts));
  printThings(formatOf(command), {
    columns: ["", "context", "address", "project", "key"].map((title) => ({ title })),
    rows: documents.map(({ name, inUse, url, project, key }) => [inUse ? "*" : "", name, url, project, key]),
    none: "There are no contexts: millrace context add NAME --url URL",
    documents,
  });
}

function use(name: string | undefined, none: boolean, command: Command): void {
  const format = formatOf(command);
  const { path, contexts } = known();
  if (none) {
    writeContexts(path, { contexts: contexts.contexts });
    tell(format, NO_CONTEXT, ["No context is in use."]);
    return;
  }
  if (name === undefined) throw wrong("name a context, or say --none");
  const chosen = contextNamed(contexts, name);
  const written = { ...contexts, current: name };
  writeContexts(path, written);
  tell(format, documentOf(name, chosen, written), [`${name} is in use: ${chosen.url}`]);
}

function show(name: string | undefined, command: Command): void {
  const { contexts } = known();
  const wanted = name ?? (process.env["MILLRACE_CONTEXT"] || contexts.current);
  if (wanted === undefined) throw wrong("no context is in use: millrace context use NAME");
  printThing(formatOf(command), thingOf(documentOf(wanted, contextNamed(contexts, wanted), contexts)));
}

function remove(name: string, command: Command): void {
  const format = formatOf(command);
  const { path, contexts } = known();
  const removed = contextNamed(contexts, name);
  const { [name]: _, ...rest } = contexts.contexts;
  const { current } = contexts;
  const written: Contexts = { contexts: rest, ...(current !== undefined && current !== name && { current }) };
  writeContexts(path, written);
  tell(format, documentOf(name, removed, written), [
    `Removed ${name}.${current === name ? " No context is in use." : ""}`,
  ]);
}

/** Says what was done: to people in lines, to programs by the context as it is now. */
function tell(format: Format, document: ContextDocument, lines: readonly string[]): void {
  if (format !== "table") printThing(format, thingOf(document));
  else for (const line of lines) print(line);
}

function known(): { readonly path: string; readonly contexts: Contexts } {
  const path = contextsPath(process.env);
  return { path, contexts: readContexts(path) };
}

function documentOf(name: string, { url, key, project }: Context, contexts: Contexts): ContextDocument {
  return {
    name,
    url,
    project: project ?? "",
    key: key === undefined ? "" : maskApiKey(key),
    inUse: contexts.current === name,
  };
}

function thingOf(document: ContextDocument): Thing {
  return {
    values: [
      ["context", document.name],
      ["address", document.url],
      ["project", document.project],
      ["key", document.key],
      ["in use", document.inUse ? "yes" : "no"],
    ],
    document,
  };
}

function wrong(message: string): Failure {
  return new Failure("invalid", "FIELD_INVALID", message);
}
