import { createHash } from "node:crypto";

/** How many partitions the records are spread over. Fixed: records would not be found under another number. */
export const SHARDS = 64;

export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** The shard of a record. */
export function shardOf(collection: string, id: string): number {
  return (createHash("sha1").update(`${collection}\n${id}`).digest()[0] ?? 0) % SHARDS;
}
