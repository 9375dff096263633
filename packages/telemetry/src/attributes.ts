/** Attributes that several metrics have. */

/** Which call of a port was measured. */
export function operations<const Names extends readonly string[]>(...values: Names) {
  return { name: "millrace.operation", meaning: "The call.", values } as const;
}

/** What became of what was counted. */
export function outcomes<const Names extends readonly string[]>(meaning: string, ...values: Names) {
  return { name: "millrace.outcome", meaning, values } as const;
}

export const PROJECT = {
  name: "millrace.project",
  meaning: "The project's id.",
  bound: "the first 100 projects of the process; all others together are `other`",
} as const;
export const PARTITION = {
  name: "millrace.partition",
  meaning: "The partition of the event log.",
  bound: "the partitions that the process owns, so at most as many as the topic has",
} as const;
export const TIER = {
  name: "millrace.tier",
  meaning: "The width of the blocks.",
  values: ["1m", "15m", "1h", "1d"],
} as const;
export const GROUP = {
  name: "messaging.consumer.group.name",
  meaning: "The group of consumers.",
  bound: "1, which is configured",
} as const;
export const TOPIC = {
  name: "messaging.destination.name",
  meaning: "The topic.",
  bound: "2, which are configured: that of the events, and that of the dead letters",
} as const;
export const FAILURE_KIND = {
  name: "error.type",
  meaning: "The kind of the failure, as docs/errors.md explains.",
  values: [
    "invalid",
    "notFound",
    "exists",
    "stale",
    "precondition",
    "outOfRange",
    "exhausted",
    "unavailable",
    "unknownOutcome",
    "unauthenticated",
    "denied",
    "cancelled",
    "deadline",
    "corrupt",
    "unimplemented",
    "internal",
  ],
} as const;
export const BACKEND = {
  name: "millrace.backend",
  meaning: "What the port is served by.",
  values: ["embedded", "cassandra", "kafka", "redis"],
} as const;
export const QUERY_KIND = {
  name: "millrace.query.kind",
  meaning:
    "What was asked for: one value, a series by time, a table by dimensions, or a series for each row of such a table.",
  values: ["total", "series", "breakdown", "series_breakdown"],
} as const;

export const CLAIM_CALL = operations("claim", "lookup", "release", "expire");
export const CACHE_CALL = operations("get", "set", "delete", "increment", "publish", "subscribe");
export const CELL_CALL = operations("write_blocks", "write_states", "expire", "read_blocks", "scan", "read_states");
export const RECORD_CALL = operations("get", "list", "put", "watch");
