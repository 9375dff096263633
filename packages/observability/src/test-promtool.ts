import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { tool } from "@millrace/harness/tools";
import { onTestFinished } from "vitest";

const execute = promisify(execFile);

/** What promtool wrote, and whether it was content. */
export type Verdict = { readonly isContent: boolean; readonly output: string };

/** Brings promtool where it is missing: before the first test, which need not wait for it then. */
export async function bringPromtool(): Promise<void> {
  await tool("promtool");
}

/** Runs promtool in a folder. */
export async function promtool(args: readonly string[], cwd: string): Promise<Verdict> {
  const path = await tool("promtool");
  try {
    const { stdout, stderr } = await execute(path, args, { cwd });
    return { isContent: true, output: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    if (stdout === undefined) throw error;
    return { isContent: false, output: `${stdout}${stderr}` };
  }
}

/** A folder with these files, which goes with the test. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-rules-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
