import type { Values } from "./parse-environment.ts";
import { path, text } from "./variables.ts";

const ADDRESS = {
  pattern: /^rediss?(\+cluster|\+sentinel)?:\/\/\S+$/,
  allowed:
    "an address such as redis://HOST:PORT, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT/PRIMARY, with rediss for TLS",
};

/** Where the claims are: in a Redis of their own. To be spread into a service's table, with {@link REDIS_VARIABLES}. */
export const CLAIMS_VARIABLES = {
  claimsUrl: text({
    name: "MILLRACE_CLAIMS_URL",
    required: true,
    secret: true,
    form: ADDRESS,
    doc: "The Redis that remembers the ids of events. It must never evict (maxmemory-policy noeviction).",
  }),
};

/** Where the cache is. To be spread into a service's table, with {@link REDIS_VARIABLES}. */
export const CACHE_VARIABLES = {
  cacheUrl: text({
    name: "MILLRACE_CACHE_URL",
    required: true,
    secret: true,
    form: ADDRESS,
    doc: "The Redis of short-lived values and live updates. It may evict, and work goes on without it.",
  }),
};

/** How any Redis is spoken to. */
export const REDIS_VARIABLES = {
  redisPrefix: text({
    name: "MILLRACE_REDIS_PREFIX",
    default: "millrace",
    form: { pattern: /^[\w.-]{1,64}$/, allowed: '1 to 64 of a-z, A-Z, 0-9, ".", "_" and "-"' },
    doc: "What all keys in Redis begin with, so that installations can share one.",
  }),
  redisCaFile: path({
    name: "MILLRACE_REDIS_CA_FILE",
    doc: "Authorities that vouch for Redis, in PEM, for addresses with rediss; those of the system where none are given.",
  }),
  redisCertificateFile: path({
    name: "MILLRACE_REDIS_CERTIFICATE_FILE",
    doc: "The certificate that this service shows to Redis, in PEM, where Redis asks for one.",
  }),
  redisKeyFile: path({ name: "MILLRACE_REDIS_KEY_FILE", doc: "The private key of that certificate, in PEM." }),
};

/** How one Redis is reached, as its client takes it. */
export type RedisSettings = {
  readonly address: string;
  readonly prefix: string;
  readonly tls?: { readonly caFile?: string; readonly certificateFile?: string; readonly keyFile?: string };
};

/** What {@link REDIS_VARIABLES} say of the Redis at an address. */
export function redisSettingsOf(address: string, values: Values<typeof REDIS_VARIABLES>): RedisSettings {
  const { redisCaFile: caFile, redisCertificateFile: certificateFile, redisKeyFile: keyFile } = values;
  const tls = { ...(caFile && { caFile }), ...(certificateFile && { certificateFile }), ...(keyFile && { keyFile }) };
  return { address, prefix: values.redisPrefix, ...(Object.keys(tls).length > 0 && { tls }) };
}
