import { delimiter, dirname } from "node:path";

/** How the command line was started, as far as it matters to what is typed next. */
export type Invocation = { readonly script: string | undefined; readonly environment: NodeJS.ProcessEnv };

/** What to type before a command's name: `millrace` where the shell finds it, else `npx millrace`. */
export function commandName({ script, environment }: Invocation = invocation()): string {
  // npx adds its folder to the path, but only for the time of one command.
  if (environment["npm_command"] === "exec" || environment["npm_lifecycle_event"] === "npx") return "npx millrace";
  const path = (environment["PATH"] ?? "").split(delimiter);
  const isFound = script !== undefined && /millrace$/.test(script) && path.includes(dirname(script));
  return isFound ? "millrace" : "npx millrace";
}

/** A text whose commands can be typed as they stand here: `millrace query` becomes `npx millrace query` where it must. */
export function typable(text: string, how: Invocation = invocation()): string {
  const name = commandName(how);
  return name === "millrace" ? text : text.replace(/(?<![\w/@.-]|npx )millrace(?= [a-zA-Z[<-])/g, name);
}

function invocation(): Invocation {
  return { script: process.argv[1], environment: process.env };
}
