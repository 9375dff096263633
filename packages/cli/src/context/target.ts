import type { Credentials } from "@millrace/credential";
import { Failure } from "@millrace/failure";
import { nearest } from "../nearest.ts";
import type { Context, Contexts } from "./contexts-file.ts";

/** The options that every command has. */
export type GlobalOptions = {
  readonly url?: string;
  readonly key?: string;
  readonly project?: string;
  readonly context?: string;
};

/** Which server a command speaks to, and as whom; each with where that was said. */
export type Target = {
  readonly url: string;
  readonly urlFrom: string;
  /** A key that was given, for all purposes; undefined: those of the credentials file are used. */
  readonly key: string | undefined;
  readonly keyFrom: string | undefined;
  readonly project: string | undefined;
};

/** What `urlFrom` says where the data directory's credentials name the server. */
export const FROM_CREDENTIALS = "the data directory's credentials";

/** Where a server is that nothing was said about. */
const DEFAULT_URL = "http://127.0.0.1:8080";

type Chosen = { readonly context: Context; readonly from: string };

/**
 * Decides where a command goes. First found first: options, the context that `--context` names, variables of the
 * environment, the context that MILLRACE_CONTEXT names or else the one in use, the credentials of a local server. A
 * context's key and project are used with its own server alone.
 *
 * @param kept what the data directory's credentials file holds
 * @throws Failure `invalid` for an unknown context or an address that is none
 */
export function targetOf(
  options: GlobalOptions,
  environment: NodeJS.ProcessEnv,
  { contexts, kept }: { readonly contexts: Contexts; readonly kept: Credentials | undefined },
): Target {
  const named = options.context === undefined ? undefined : chosen(contexts, options.context, "--context");
  const fallback = named === undefined ? fallbackOf(contexts, environment) : undefined;
  const [address, urlFrom] = first([
    [options.url, "--url"],
    [named?.context.url, named?.from],
    [environment["MILLRACE_URL"], "MILLRACE_URL"],
    [fallback?.context.url, fallback?.from],
    [kept?.url, FROM_CREDENTIALS],
  ]) ?? [DEFAULT_URL, "the default"];
  const url = withoutSlash(address);
  const own = (choice: Chosen | undefined) =>
    choice !== undefined && sameServer(choice.context.url, url) ? choice.context : undefined;
  const key = first([
    [options.key, "--key"],
    [own(named)?.key, named?.from],
    [environment["MILLRACE_KEY"], "MILLRACE_KEY"],
    [own(fallback)?.key, fallback?.from],
  ]);
  const project = first([
    [options.project, "--project"],
    [own(named)?.project, named?.from],
    [environment["MILLRACE_PROJECT"], "MILLRACE_PROJECT"],
    [own(fallback)?.project, fallback?.from],
  ]);
  return { url, urlFrom, key: key?.[0], keyFrom: key?.[1], project: project?.[0] };
}

/** Whether two addresses are those of one server. */
export function sameServer(a: string, b: string): boolean {
  const normal = (url: string) => new URL(url).host.replace(/^localhost(?=:|$)/, "127.0.0.1");
  return URL.canParse(a) && URL.canParse(b) && normal(a) === normal(b);
}

/** Whether an address is this computer's own. */
export function isLocal(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}

/**
 * An address without a slash at its end.
 *
 * @throws Failure `invalid` when it is none
 */
export function withoutSlash(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new Failure("invalid", "FIELD_INVALID", `"${url}" is not an address such as ${DEFAULT_URL}`);
  }
  return url.replace(/\/+$/, "");
}

/**
 * The context of a name.
 *
 * @throws Failure `notFound`, naming the nearest
 */
export function contextNamed(contexts: Contexts, name: string, from = ""): Context {
  const found = Object.hasOwn(contexts.contexts, name) ? contexts.contexts[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(contexts.contexts);
  const like = nearest(name, names);
  const hint =
    like !== undefined
      ? `did you mean "${like}"?`
      : names.length > 0
        ? `there are ${names.join(", ")}`
        : "there are none: millrace context add NAME --url URL";
  const where = from === "" ? "" : ` (${from})`;
  throw new Failure("invalid", "FIELD_INVALID", `there is no context "${name}"${where}; ${hint}`);
}

function fallbackOf(contexts: Contexts, environment: NodeJS.ProcessEnv): Chosen | undefined {
  const wanted = environment["MILLRACE_CONTEXT"];
  if (wanted !== undefined && wanted !== "") return chosen(contexts, wanted, "MILLRACE_CONTEXT");
  const { current } = contexts;
  return current === undefined ? undefined : chosen(contexts, current, "in use");
}

function chosen(contexts: Contexts, name: string, from: string): Chosen {
  return { context: contextNamed(contexts, name, from), from: `the context ${name}` };
}

type Candidate = readonly [value: string | undefined, from: string | undefined];

/** The first that is there; what is empty is not set. */
function first(candidates: readonly Candidate[]): [string, string] | undefined {
  for (const [value, from] of candidates) {
    if (value !== undefined && value !== "") return [value, from ?? ""];
  }
  return undefined;
}
