import type { ClaimRequests } from "./claim-requests.ts";

const HOUR_MS = 3_600_000;

/** How far a partition may lag behind before claims that it needs could be gone. */
export const LAG_ALLOWANCE_MS = 24 * HOUR_MS;

/** How long claims of imports are kept: an import repeated later than this counts again. */
export const IMPORT_CLAIM_MS = 30 * 24 * HOUR_MS;

/**
 * Until when the claims of a batch must be kept: the late window, plus an allowance for lag, after the later of the
 * event's own time and now (P6). Past the late window a retry is late, and isn't folded.
 */
export function claimKeptUntil(requests: ClaimRequests, nowMs: number): number {
  const lifetime = requests.imported ? IMPORT_CLAIM_MS : requests.lateWindowMs;
  return Math.max(requests.latestTimeMs, nowMs) + lifetime + LAG_ALLOWANCE_MS;
}
