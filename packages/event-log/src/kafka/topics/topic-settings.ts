import { Failure } from "@millrace/failure";
import { MAX_RECORD_BYTES } from "../kafka-options.ts";

const DAY_MS = 86_400_000;
/** Blocks are kept for 14 days after the last event may be folded into them: docs/decisions/0007-how-long-rows-are-kept.md. */
const RETENTION_DAYS_MAX = 13;
/** What a batch has beside the value of its one record. */
const BATCH_OVERHEAD_BYTES = 64 * 1024;

/** Unsafe settings that can be allowed, by name. */
export const UNSAFE_SETTINGS = [
  "replication-factor",
  "min-insync-replicas",
  "unclean-leader-election",
  "timestamp-type",
  "cleanup-policy",
  "retention",
  "max-message-bytes",
  "offsets-replication-factor",
] as const;

/** The name of an unsafe setting. */
export type UnsafeSetting = (typeof UNSAFE_SETTINGS)[number];

/** What a topic is made with, and held to. */
export type TopicDesign = {
  readonly name: string;
  readonly partitions: number;
  /** True: one that exists must have as many partitions. */
  readonly mustHavePartitions: boolean;
  readonly replicationFactor: number;
  /** "compact" keeps the last record of each key, "delete" all records for `retentionMs`. */
  readonly cleanupPolicy: "compact" | "delete";
  readonly retentionMs: number;
  /** True: its records are folded into blocks, which are kept for a bounded time. */
  readonly isFolded: boolean;
};

/** What a topic has. */
export type TopicState = {
  readonly partitions: number;
  /** Of the partition that has the fewest. */
  readonly replicationFactor: number;
  /** Its settings, the brokers' defaults included, by Kafka's names. */
  readonly settings: ReadonlyMap<string, string>;
};

/** Something about a topic that can lose events, or miscount them. */
export type UnsafeFinding = {
  readonly setting: UnsafeSetting;
  /** What is so, and what may come of it; no full stop. */
  readonly text: string;
  /** What to type. */
  readonly advice: string;
};

/** The names that are allowed. Throws `invalid` for one that is none of {@link UNSAFE_SETTINGS}. */
export function allowedSettings(allow: readonly string[] = []): ReadonlySet<string> {
  const unknown = allow.find((name) => !(UNSAFE_SETTINGS as readonly string[]).includes(name));
  if (unknown === undefined) return new Set(allow);
  throw Failure.invalidField("allow", `there is no "${unknown}"; there are ${UNSAFE_SETTINGS.join(", ")}`);
}

/** Kafka's settings for a topic that is made. Two of several replicas must have what is acknowledged. */
export function settingsOf({ replicationFactor, cleanupPolicy, retentionMs }: TopicDesign): Map<string, string> {
  const settings = new Map([
    ["cleanup.policy", cleanupPolicy],
    ["message.timestamp.type", "LogAppendTime"],
    ["min.insync.replicas", `${Math.min(2, replicationFactor)}`],
    ["unclean.leader.election.enable", "false"],
    ["max.message.bytes", `${MAX_RECORD_BYTES + BATCH_OVERHEAD_BYTES}`],
  ]);
  if (cleanupPolicy === "delete") {
    settings.set("retention.ms", `${retentionMs}`);
    // Segments are removed whole: several of them, so that about what is past the retention goes.
    settings.set("segment.ms", `${Math.min(DAY_MS, Math.max(3_600_000, Math.ceil(retentionMs / 7)))}`);
  }
  return settings;
}

/** What is unsafe about a topic that exists. */
export function unsafeFindings(design: TopicDesign, { replicationFactor, settings }: TopicState): UnsafeFinding[] {
  const found: UnsafeFinding[] = [];
  const find = (setting: UnsafeSetting, text: string, advice: string) => found.push({ setting, text, advice });
  const change = (name: string, value: string) =>
    `kafka-configs.sh --bootstrap-server ADDRESS --alter --entity-type topics --entity-name ${design.name} --add-config ${name}=${value}`;
  const minInSync = Number(settings.get("min.insync.replicas"));
  if (replicationFactor < 2) {
    const text = `has ${replicationFactor} replica of each partition: what is acknowledged goes with its broker`;
    find("replication-factor", text, "give it more with kafka-reassign-partitions.sh");
  } else if (minInSync < 2) {
    const text = `has min.insync.replicas=${minInSync}: what one broker alone has is acknowledged`;
    find("min-insync-replicas", text, change("min.insync.replicas", "2"));
  }
  if (settings.get("unclean.leader.election.enable") !== "false") {
    const text = "has unclean.leader.election.enable=true: a broker that missed acknowledged events may lead";
    find("unclean-leader-election", text, change("unclean.leader.election.enable", "false"));
  }
  if (settings.get("message.timestamp.type") !== "LogAppendTime") {
    const text = "has message.timestamp.type=CreateTime: the order of stored blocks hangs on the clocks of ingest";
    find("timestamp-type", text, change("message.timestamp.type", "LogAppendTime"));
  }
  const policy = settings.get("cleanup.policy");
  if (policy !== design.cleanupPolicy) {
    const why =
      design.cleanupPolicy === "delete"
        ? "events that are not folded yet may be removed"
        : "what is known of topics is removed after its retention";
    find("cleanup-policy", `has cleanup.policy=${policy}: ${why}`, change("cleanup.policy", design.cleanupPolicy));
  }
  const retentionMs = Number(settings.get("retention.ms"));
  const isForEver = retentionMs < 0;
  if (design.isFolded && (isForEver || retentionMs >= RETENTION_DAYS_MAX * DAY_MS)) {
    const kept = isForEver ? "for ever" : `for ${Math.round((retentionMs / DAY_MS) * 10) / 10} days`;
    const text = `keeps events ${kept}, not for less than ${RETENTION_DAYS_MAX} days: the blocks into which a late fold puts old ones may be gone`;
    find("retention", text, change("retention.ms", `${7 * DAY_MS}`));
  }
  const maxBytes = Number(settings.get("max.message.bytes"));
  if (maxBytes < MAX_RECORD_BYTES + BATCH_OVERHEAD_BYTES) {
    const text = `has max.message.bytes=${maxBytes}: large records are refused`;
    find("max-message-bytes", text, change("max.message.bytes", `${MAX_RECORD_BYTES + BATCH_OVERHEAD_BYTES}`));
  }
  return found;
}
