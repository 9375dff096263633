import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type DeadLetter as DeadLetterMessage,
  DeadLetterSchema,
  DeadLetterReason as ReasonNumber,
} from "@millrace/api/millrace/processing/v1/dead_letter_pb";
import type { DeadLetterReason, EventStamps } from "./dead-letters.ts";
import { letterId } from "./letter-id.ts";
import type { FoundLetter } from "./letter-pages.ts";

/** The numbers of reasons in the contract. */
const NUMBERS: Readonly<Record<DeadLetterReason, ReasonNumber>> = {
  "": ReasonNumber.UNSPECIFIED,
  RECORD_UNREADABLE: ReasonNumber.RECORD_UNREADABLE,
  EVENT_UNREADABLE: ReasonNumber.EVENT_UNREADABLE,
  REVISION_NOT_FOUND: ReasonNumber.REVISION_NOT_FOUND,
  FOLD_FAILED: ReasonNumber.FOLD_FAILED,
};

/** The number of a reason in the contract. */
export function reasonNumber(reason: DeadLetterReason): ReasonNumber {
  return NUMBERS[reason];
}

/** A letter as the contract has it; with its bytes where they were read. */
export function letterMessage(letter: FoundLetter): DeadLetterMessage {
  const { position, projectId, reason, problem, stamps, cutFromBytes, redriven, redrivenFrom } = letter;
  return create(DeadLetterSchema, {
    deadLetterId: letterId(position),
    projectId,
    reason: reasonNumber(reason),
    problem,
    createTime: timestampFromMs(letter.createTimeMs),
    sizeBytes: BigInt(letter.sizeBytes),
    cut: cutFromBytes !== undefined,
    ...(stamps !== undefined && { stamps: stampsInit(stamps) }),
    ...(redriven !== undefined && {
      redriveTime: timestampFromMs(redriven.timeMs),
      redrivenTo: letterId(redriven.to),
    }),
    ...(redrivenFrom !== undefined && { redrivenFrom: letterId(redrivenFrom) }),
    ...(letter.bytes !== undefined && { content: letter.bytes }),
  });
}

function stampsInit(stamps: EventStamps) {
  return {
    revision: BigInt(stamps.revision),
    processingVersion: stamps.processingVersion,
    imported: stamps.imported,
    receiveTime: timestampFromMs(stamps.receivedAtMs),
    userAgent: stamps.userAgent,
    eventTime: timestampFromMs(stamps.timeMs),
    claimTimeMs: BigInt(stamps.claimTimeMs),
    late: stamps.late,
    assignedEventId: stamps.assignedId,
  };
}
