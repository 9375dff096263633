export { cacheContract, type OpenedCache } from "./cache-contract.ts";
export { claimStoreContract } from "./claim-store-contract.ts";
export type { OpenedClaims } from "./claims-harness.ts";
