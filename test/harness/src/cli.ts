import { join } from "node:path";
import { CHECKOUT } from "./checkout.ts";
import { Child, type ChildOptions } from "./child.ts";

/** What a command wrote, and how it ended. */
export type CliResult = { readonly stdout: string; readonly stderr: string; readonly exitCode: number | null };

/** Runs `millrace ...args` to its end; that of another checkout where one is given. */
export async function runCli(
  args: readonly string[],
  options: ChildOptions,
  checkout: string = CHECKOUT,
): Promise<CliResult> {
  const child = new Child(join(checkout, "packages/cli/bin/millrace.js"), args, options);
  const { code } = await child.exit;
  return { stdout: child.stdout, stderr: child.stderr, exitCode: code };
}
