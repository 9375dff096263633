export type { Cache, CallOptions, ChannelMessage, ClaimBatch, ClaimStore, Position } from "./cache.ts";
export {
  CLAIM_ID_BYTES,
  claimId,
  claimSlot,
  IMPORT_SLOT_BASE,
  IMPORT_SLOT_MS,
  LIVE_SLOT_MS,
} from "./claim-format.ts";
export { observedCache, observedClaims, type Telemetry } from "./observed.ts";
export { POSITION_BYTES, packPosition, samePosition, unpackPosition } from "./position.ts";
