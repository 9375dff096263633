import { adviceFor, protocolErrorOf, rootOf } from "../kafka-failure.ts";

/** What one attempt to store a batch of records came to. */
export type Outcome =
  | { readonly kind: "stored"; readonly baseOffset: number; readonly appendTimeMs: number }
  | {
      /** This attempt stored nothing. */
      readonly kind: "notStored";
      readonly error: unknown;
      readonly next: NextStep;
    }
  | {
      /** It may have stored the batch. The same attempt by the same producer makes it clear, unless that is over. */
      readonly kind: "unclear";
      readonly error: unknown;
      readonly next: "repeat" | "giveUp";
    };

/** What may be done after an attempt that stored nothing. */
export type NextStep =
  /** The same again. */
  | "repeat"
  /** The same again; by another producer, unless the batch may be stored: this one may know too little. */
  | "refresh"
  /** The same again by another producer only: the broker refuses this one. */
  | "renew"
  /** The same again with fewer records. */
  | "split"
  | "giveUp";

/**
 * The codes that a leader answers a batch with before it has written any of it, and no other request is answered with:
 * kafkajs may hide a batch's error behind one that it got while it refreshed its metadata. NOT_LEADER and UNKNOWN_TOPIC
 * aren't among them either: they also come where the leader moved, or the topic went, while a batch that was written
 * waited for its followers.
 */
const REFUSED: ReadonlyMap<string, NextStep> = new Map([
  ["NOT_ENOUGH_REPLICAS", "repeat"],
  ["CORRUPT_MESSAGE", "repeat"],
  ["MESSAGE_TOO_LARGE", "split"],
  ["RECORD_LIST_TOO_LARGE", "split"],
  ["OUT_OF_ORDER_SEQUENCE_NUMBER", "renew"],
  ["UNKNOWN_PRODUCER_ID", "renew"],
  ["INVALID_PRODUCER_EPOCH", "renew"],
  ["UNSUPPORTED_FOR_MESSAGE_FORMAT", "giveUp"],
]);

/** What to make of an attempt that failed before its batch was encoded: nothing of it can have left the process. */
export function beforeSending(error: unknown): Outcome {
  if (adviceFor(error) !== undefined) return { kind: "notStored", error, next: "giveUp" };
  // A producer whose topic was deleted goes on failing after the topic was made again (seen with Kafka 4.3).
  const isTopicUnknown = protocolErrorOf(error) === "UNKNOWN_TOPIC_OR_PARTITION";
  const isDefect = !rootOf(error).name.startsWith("KafkaJS");
  return { kind: "notStored", error, next: isTopicUnknown || isDefect ? "refresh" : "repeat" };
}

/** What to make of an attempt that failed after its batch was encoded. */
export function afterSending(error: unknown): Outcome {
  const type = protocolErrorOf(error);
  const next = type === undefined ? undefined : REFUSED.get(type);
  if (next !== undefined) return { kind: "notStored", error, next };
  // The batch is there already, and the broker no longer knows at which offset.
  return { kind: "unclear", error, next: type === "DUPLICATE_SEQUENCE_NUMBER" ? "giveUp" : "repeat" };
}
