import type { Certificates } from "@millrace/harness/certificates";
import { lastingPort } from "@millrace/harness/ports";
import { OwnRedis } from "./own-redis.ts";

/** What a user must be permitted, as the README of packages/cache says it. */
export const PERMITTED =
  "~millrace:* &millrace:* +@read +@write +@scripting +@pubsub +@connection -@dangerous +info +config|get +cluster|slots".split(
    " ",
  );

/**
 * A Redis of one test's own that asks for TLS, a certificate, and a user that may do what is needed and nothing else.
 *
 * @returns its address, with the user and the password
 */
export async function securedRedis({ caFile, certificateFile, keyFile }: Certificates): Promise<string> {
  const port = await lastingPort();
  const redis = await OwnRedis.start({
    "tls-port": String(port),
    "tls-auth-clients": "yes",
    "tls-cert-file": certificateFile,
    "tls-key-file": keyFile,
    "tls-ca-cert-file": caFile,
  });
  await redis.client.call("ACL", "SETUSER", "millrace", "on", ">redis-secret", ...PERMITTED);
  await redis.client.call("ACL", "SETUSER", "default", "off");
  return `rediss://millrace:redis-secret@127.0.0.1:${port}`;
}
