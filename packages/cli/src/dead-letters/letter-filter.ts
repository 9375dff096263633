import type { MessageInitShape } from "@bufbuild/protobuf";
import { DeadLetterReason as Reason } from "@millrace/api/millrace/processing/v1/dead_letter_pb";
import type { DeadLetterFilterSchema } from "@millrace/api/millrace/processing/v1/dead_letter_service_pb";
import { Failure } from "@millrace/failure";
import { enumName } from "../enum-name.ts";
import { parseTime } from "../time-text.ts";
import { zoneNamed } from "../zoned-time.ts";

/** The options that say which letters are meant. */
export type FilterOptions = {
  readonly reason?: readonly string[];
  readonly from?: string;
  readonly to?: string;
};

/** The words for reasons, as they are typed and shown. */
export const REASON_WORDS: Readonly<Record<string, Reason>> = {
  "record-unreadable": Reason.RECORD_UNREADABLE,
  "event-unreadable": Reason.EVENT_UNREADABLE,
  "revision-not-found": Reason.REVISION_NOT_FOUND,
  "fold-failed": Reason.FOLD_FAILED,
};

/** The word for a reason; "-" where a letter has none. */
export function reasonWord(reason: Reason): string {
  return reason === Reason.UNSPECIFIED ? "-" : enumName(Reason, reason).toLowerCase().replaceAll("_", "-");
}

/**
 * The filter that options and ids ask for.
 *
 * @throws Failure `invalid`
 */
export function filterOf(
  options: FilterOptions,
  ids: readonly string[] = [],
): MessageInitShape<typeof DeadLetterFilterSchema> {
  const { reason = [], from, to } = options;
  return {
    deadLetterIds: [...ids],
    reasons: reason.map(reasonNamed),
    ...(from !== undefined && { startTime: momentOf("--from", from) }),
    ...(to !== undefined && { endTime: momentOf("--to", to) }),
  };
}

function reasonNamed(word: string): Reason {
  const reason = REASON_WORDS[word];
  if (reason !== undefined) return reason;
  throw Failure.invalidField("--reason", `"${word}" is none of ${Object.keys(REASON_WORDS).join(", ")}`);
}

function momentOf(option: string, text: string) {
  const moment = parseTime(text, zoneNamed("UTC"));
  if (moment === undefined) {
    throw Failure.invalidField(option, `${text}: write a date such as 2026-01-31, or a time such as 2026-01-31T08:00`);
  }
  return { seconds: BigInt(moment.seconds), nanos: moment.nanos };
}
