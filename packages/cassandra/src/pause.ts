import { setTimeout } from "node:timers/promises";

/** Resolves after so many milliseconds, or at once when the signal is aborted: whoever waits looks at it then. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  // Only an abortion rejects it.
  await setTimeout(ms, undefined, signal ? { signal } : {}).catch(() => {});
}
