import type { Logger } from "@millrace/runtime";
import { ensureTrackerBuilt, trackerScript } from "@millrace/tracker";
import { type TrackerScript, trackerScriptOf } from "./get-tracker-script.ts";

/** The script for web pages, built where it is missing or old; undefined, with a warning, where it can not be built. */
export async function loadTracker(log: Logger): Promise<TrackerScript | undefined> {
  try {
    await ensureTrackerBuilt();
  } catch (err) {
    log.warn({ err }, "the script for web pages could not be built; /millrace.js is what was built before, or nothing");
  }
  const bytes = trackerScript();
  return bytes === undefined ? undefined : trackerScriptOf(bytes);
}
