export { type BreakerState, observeBreaker } from "./breaker.ts";
export { openRedisCache, type RedisCache, type RedisCacheOptions } from "./redis-cache.ts";
