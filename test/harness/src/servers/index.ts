import { addressesOf } from "./address.ts";

/**
 * A real Redis, shared by all that runs now: the one that MILLRACE_TEST_REDIS names (host:port), or one that is started
 * when it is first asked for and stopped when the run ends. Use keys of your own, and never FLUSHALL.
 */
export async function redisServer(): Promise<{ url: string }> {
  const [address] = await addressesOf("redis");
  return { url: `redis://${address}` };
}
