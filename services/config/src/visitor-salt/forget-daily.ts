import type { Dependencies } from "../dependencies.ts";

const DAY_MS = 86_400_000;
/** After a failure: whoever has the store back soon keeps a secret no longer than that. */
const RETRY_MS = 60_000;

/**
 * Deletes old secrets now, and whenever a day has ended, whether somebody asks for secrets or not, until `closing`
 * aborts.
 */
export function forgetDaily({ visitorSalts, clock, log, closing }: Dependencies): void {
  let timer: NodeJS.Timeout | undefined;
  closing.addEventListener("abort", () => clearTimeout(timer), { once: true });

  async function forget(): Promise<void> {
    const nowMs = clock();
    let waitMs = DAY_MS - (nowMs % DAY_MS);
    try {
      const forgotten = await visitorSalts.forgetBefore(nowMs);
      if (forgotten > 0) log.info({ forgotten }, "the visitors' secrets of past days were deleted");
    } catch (err) {
      log.warn({ err }, "the visitors' secrets of past days could not be deleted; it is tried again");
      waitMs = RETRY_MS;
    }
    if (closing.aborted) return;
    // Nothing needs to go on for this alone.
    timer = setTimeout(() => void forget(), waitMs).unref();
  }
  if (!closing.aborted) void forget();
}
