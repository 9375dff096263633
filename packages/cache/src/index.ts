export type { Cache, CallOptions, ChannelMessage, ClaimBatch, ClaimStore, Position } from "./cache.ts";
export {
  CLAIM_ID_BYTES,
  claimId,
  claimMoment,
  claimSlot,
  IMPORT_SLOT_BASE,
  IMPORT_SLOT_MS,
  isUntimedClaim,
  LIVE_SLOT_MS,
  streamClaimTime,
  untimedClaimTime,
} from "./claim-format.ts";
export { observedCache, observedClaims, type Telemetry } from "./observed.ts";
export { POSITION_BYTES, packPosition, samePosition, unpackPosition } from "./position.ts";
