import { join } from "node:path";
import { CHECKOUT } from "./checkout.ts";
import { Child, type ChildOptions } from "./child.ts";

/** What a command wrote, and how it ended. */
export type CliResult = { readonly stdout: string; readonly stderr: string; readonly exitCode: number | null };

const BIN = join(CHECKOUT, "packages/cli/bin/millrace.js");

/** Runs `millrace ...args` to its end. */
export async function runCli(args: readonly string[], options: ChildOptions): Promise<CliResult> {
  const child = new Child(BIN, args, options);
  const { code } = await child.exit;
  return { stdout: child.stdout, stderr: child.stderr, exitCode: code };
}
