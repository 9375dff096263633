import { describe, expect, it } from "vitest";
import { judgeClaims, judgeServer, parseInfo } from "./server-check.ts";

const GOOD = [
  "# Server",
  "redis_version:7.0.15",
  "redis_mode:standalone",
  "# Memory",
  "maxmemory_policy:noeviction",
  "aof_enabled:1",
];

describe("the check of servers", () => {
  it("finds nothing wrong with a Redis 7 that never evicts and keeps an append-only file", () => {
    expect(judgeClaims(info(), 512, "single")).toEqual({ refusals: [], warnings: [] });
    expect(judgeClaims(info(), undefined, "single")).toEqual({ refusals: [], warnings: [] });
  });

  it("refuses claims in a Redis that evicts, and says what to set", () => {
    const { refusals } = judgeClaims(info({ maxmemory_policy: "allkeys-lru" }), 512, "single");
    expect(refusals).toEqual([expect.stringMatching(/maxmemory-policy allkeys-lru.*Set maxmemory-policy noeviction/)]);
  });

  it("refuses versions before 7, and a Cluster that is addressed as a single server", () => {
    expect(judgeServer(info({ redis_version: "6.2.14" }), "the cache", "single")).toEqual([
      "The Redis of the cache has version 6.2.14; Millrace needs 7 or later.",
    ]);
    expect(judgeServer(info({ redis_mode: "cluster" }), "the cache", "single")).toHaveLength(1);
    expect(judgeServer(info({ redis_mode: "cluster" }), "the cache", "cluster")).toEqual([]);
  });

  it("warns of claims without an append-only file, and of hashes that are kept in their large form", () => {
    expect(judgeClaims(info({ aof_enabled: "0" }), 512, "single").warnings).toHaveLength(1);
    expect(judgeClaims(info(), 64, "single").warnings).toEqual([expect.stringContaining("hash-max-listpack-entries")]);
  });
});

function info(changes: Readonly<Record<string, string>> = {}): Map<string, string> {
  const fields = parseInfo(GOOD.join("\r\n"));
  for (const [name, value] of Object.entries(changes)) fields.set(name, value);
  return fields;
}
