import { Failure } from "@millrace/failure";
import { Cluster, type Redis } from "ioredis";
import type { RedisAddress } from "./address.ts";

const OLDEST_MAJOR = 7;
/** Hashes of claims have up to some 180 entries; beyond this setting each of them would take five times the memory. */
const LISTPACK_ENTRIES = 256;

/** What a server must be like, and what should be told. */
export type Verdict = { readonly refusals: readonly string[]; readonly warnings: readonly string[] };

/**
 * Looks at each server (each primary of a Cluster) and judges it.
 *
 * @throws Failure `precondition` that says all that is wrong, and what to do
 */
export async function checkServers(
  client: Redis | Cluster,
  judge: (info: ReadonlyMap<string, string>, listpackEntries: number | undefined) => Verdict,
  warn: (message: string) => void,
): Promise<void> {
  const nodes = client instanceof Cluster ? client.nodes("master") : [client];
  const verdicts = await Promise.all(
    nodes.map(async (node) => judge(parseInfo(await node.info()), await listpackEntries(node))),
  );
  const refusals = new Set(verdicts.flatMap((verdict) => verdict.refusals));
  if (refusals.size > 0) throw new Failure("precondition", "BACKEND_UNAVAILABLE", [...refusals].join(" "));
  for (const warning of new Set(verdicts.flatMap((verdict) => verdict.warnings))) warn(warning);
}

/** What any Redis must be like. */
export function judgeServer(info: ReadonlyMap<string, string>, name: string, mode: RedisAddress["mode"]): string[] {
  const refusals: string[] = [];
  const version = info.get("redis_version") ?? "unknown";
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR)) {
    refusals.push(`The Redis of ${name} has version ${version}; Millrace needs ${OLDEST_MAJOR} or later.`);
  }
  if (mode !== "cluster" && info.get("redis_mode") === "cluster") {
    refusals.push(`The Redis of ${name} is a Cluster; write its address as redis+cluster://HOST:PORT.`);
  }
  return refusals;
}

/** What the Redis of the claims must be like. */
export function judgeClaims(
  info: ReadonlyMap<string, string>,
  listpackEntries: number | undefined,
  mode: RedisAddress["mode"],
): Verdict {
  const refusals = judgeServer(info, "the claims", mode);
  const policy = info.get("maxmemory_policy") ?? "unknown";
  if (policy !== "noeviction") {
    refusals.push(
      `The Redis of the claims has maxmemory-policy ${policy}: when it is full it would forget claims, and repeated ` +
        "events would count twice. Set maxmemory-policy noeviction, and keep the cache in another Redis.",
    );
  }
  const warnings: string[] = [];
  if (info.get("aof_enabled") === "0") {
    warnings.push(
      "The Redis of the claims keeps no append-only file: after its restart, events that are sent again may count " +
        "twice. Set appendonly yes, and appendfsync always unless a second's loss with a machine is acceptable.",
    );
  }
  if (listpackEntries !== undefined && listpackEntries < LISTPACK_ENTRIES) {
    warnings.push(
      `The Redis of the claims has hash-max-listpack-entries ${listpackEntries}: claims take several times the ` +
        `memory. Set ${LISTPACK_ENTRIES} or more.`,
    );
  }
  return { refusals, warnings };
}

/** The fields of an INFO answer. */
export function parseInfo(text: string): Map<string, string> {
  const fields = text.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(":");
    return colon <= 0 || line.startsWith("#") ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
  });
  return new Map(fields);
}

/** `undefined` where the server does not tell its settings, as hosted ones do. */
async function listpackEntries(node: Redis): Promise<number | undefined> {
  try {
    const answer: unknown = await node.config("GET", "hash-max-listpack-entries");
    const value = Array.isArray(answer) ? answer[1] : Object.values(answer as Record<string, unknown>)[0];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}
