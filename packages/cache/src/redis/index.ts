export { type BreakerState, observeBreaker } from "./breaker.ts";
export { openRedisCache, type RedisCache, type RedisCacheOptions } from "./redis-cache.ts";
export { observeLosses, openRedisClaims, type RedisClaims, type RedisClaimsOptions } from "./redis-claims.ts";
