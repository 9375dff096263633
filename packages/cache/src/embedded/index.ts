export { type EmbeddedCache, type EmbeddedCacheOptions, openEmbeddedCache } from "./embedded-cache.ts";
export { type EmbeddedClaims, type EmbeddedClaimsOptions, openEmbeddedClaims } from "./embedded-claims.ts";
