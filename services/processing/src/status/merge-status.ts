import { create } from "@bufbuild/protobuf";
import {
  type BalanceSheet,
  BalanceSheetSchema,
  type GetStatusResponse,
  type PartitionStatus,
} from "@millrace/api/millrace/processing/v1/status_service_pb";

/** What several processors know together. */
export type MergedStatus = Pick<
  GetStatusResponse,
  "partitions" | "unansweredPartitions" | "balance" | "processingVersion" | "processorCount"
>;

/**
 * Puts together what processors said of themselves. While a partition changes hands two may speak of it: the one that is
 * further has it.
 *
 * @param answers at least one
 * @param stored what is in the stores, counted once; undefined where the answers' own counts are all there is
 */
export function mergeStatus(
  answers: readonly GetStatusResponse[],
  stored: BalanceSheet | undefined,
  partitionCount: number,
): MergedStatus {
  const partitions = new Map<number, PartitionStatus>();
  for (const one of answers.flatMap((answer) => answer.partitions)) {
    const known = partitions.get(one.partition);
    if (known === undefined || known.nextOffset < one.nextOffset) partitions.set(one.partition, one);
  }
  const numbers = Array.from({ length: partitionCount }, (_, number) => number);
  const sheets = answers.flatMap(({ balance }) => balance ?? []);
  return {
    partitions: [...partitions.values()].sort((a, b) => a.partition - b.partition),
    unansweredPartitions: numbers.filter((number) => !partitions.has(number)),
    balance: sumOf(stored === undefined ? sheets : [stored, ...sheets]),
    processingVersion: Math.min(...answers.map((answer) => answer.processingVersion)),
    processorCount: answers.length,
  };
}

function sumOf(sheets: readonly BalanceSheet[]): BalanceSheet {
  const sum = create(BalanceSheetSchema);
  for (const sheet of sheets) {
    sum.acceptedCount += sheet.acceptedCount;
    sum.foldedCount += sheet.foldedCount;
    sum.duplicateCount += sheet.duplicateCount;
    sum.lateCount += sheet.lateCount;
    sum.deadLetteredCount += sheet.deadLetteredCount;
    sum.inFlightCount += sheet.inFlightCount;
    sum.botCount += sheet.botCount;
  }
  return sum;
}
