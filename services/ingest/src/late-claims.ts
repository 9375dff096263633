import type { ClaimStore } from "@millrace/cache";
import { Failure } from "@millrace/failure";
import { type Logger, untilAvailable } from "@millrace/runtime";
import type { ClaimLookup } from "./send/known-claims.ts";

/** Claims that are asked as soon as they are there. */
export type LateClaims = ClaimLookup & {
  /** Ends the wait, and closes what was opened. Idempotent. */
  readonly close: () => Promise<void>;
};

/**
 * Claims that may come later than the process that asks them: it starts without them. Until then lookups fail with
 * `unavailable`. What is wrong with them, and will not mend by itself, is said once, as ingest can do without.
 */
export function lateClaims(open: () => Promise<ClaimStore>, log: Logger): LateClaims {
  const closing = new AbortController();
  let claims: ClaimStore | undefined;
  const opening = untilAvailable(open, { log, signal: closing.signal }).then(
    async (opened) => {
      claims = opened;
      if (closing.signal.aborted) await opened.close();
    },
    (error: unknown) => {
      if (!closing.signal.aborted) log.error({ err: error }, "repeated events are not recognised early");
    },
  );
  return {
    async lookup(batch, options) {
      if (claims !== undefined) return claims.lookup(batch, options);
      throw new Failure("unavailable", "BACKEND_UNAVAILABLE", "the claims are not there yet");
    },
    async close() {
      closing.abort();
      await opening;
      await claims?.close();
    },
  };
}
