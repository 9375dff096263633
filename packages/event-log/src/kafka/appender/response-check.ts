import type { RecordMetadata } from "kafkajs";
import type { Outcome } from "./outcome.ts";

/** What a response must be about. */
export type Expected = {
  readonly topic: string;
  readonly partition: number;
  /** The greatest offset that this process was told for the partition; -1 for none. */
  readonly lastOffset: number;
};

/** A response that contradicts what this process knows of the topic: it isn't the one that was opened. */
export class ForeignResponse extends Error {
  override readonly name = "ForeignResponse";
}

/**
 * Whether a response acknowledges exactly what was sent. kafkajs resolves without a word about a partition whose leader it
 * didn't find, and nothing else tells that offsets began anew in a topic that was deleted and made again.
 */
export function checkResponse(response: readonly RecordMetadata[], expected: Expected): Outcome {
  const [metadata, ...others] = response;
  if (metadata === undefined) return unclear("the response is about no partition");
  if (others.length > 0) return unclear("the response is about several partitions");
  if (metadata.topicName !== expected.topic || metadata.partition !== expected.partition) {
    return unclear(`the response is about ${metadata.topicName}/${metadata.partition}`);
  }
  if (metadata.errorCode !== 0) return unclear(`the response has the error ${metadata.errorCode}`);
  const baseOffset = Number(metadata.baseOffset ?? -1);
  const appendTimeMs = Number(metadata.logAppendTime ?? -1);
  if (!Number.isSafeInteger(baseOffset) || baseOffset < 0) return unclear("the response has no offset");
  if (baseOffset <= expected.lastOffset) {
    return foreign(`offset ${baseOffset} came after offset ${expected.lastOffset}; was the topic made anew?`);
  }
  if (!Number.isSafeInteger(appendTimeMs) || appendTimeMs < 0) {
    return foreign("the topic's message.timestamp.type is not LogAppendTime");
  }
  return { kind: "stored", baseOffset, appendTimeMs };
}

function unclear(what: string): Outcome {
  return { kind: "unclear", error: new Error(what), next: "giveUp" };
}

function foreign(what: string): Outcome {
  return { kind: "unclear", error: new ForeignResponse(what), next: "giveUp" };
}
