import process from "node:process";
import type { Issue } from "../issue.ts";

/** Tells issues where nobody else wants to hear them: as a warning of the process. */
export function warn({ kind, reason, message, count }: Issue): void {
  process.emitWarning(`${count} ${kind} (${reason}): ${message}`, "MillraceWarning");
}
