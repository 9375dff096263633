import type { GetStatusResponse } from "@millrace/api/millrace/processing/v1/status_service_pb";

/**
 * Whether a project's accounts hold at least `count` events, none of them in flight, and every record of the log is
 * stored in every tier.
 */
export function isEverythingCounted(status: GetStatusResponse, count: number): boolean {
  const { balance, partitions, unansweredPartitions } = status;
  if (unansweredPartitions.length > 0) return false;
  if (balance === undefined || balance.inFlightCount > 0n) return false;
  if (balance.acceptedCount < BigInt(count)) return false;
  return partitions.every(({ endOffset, watermarks }) => watermarks.every(({ offset }) => offset >= endOffset));
}
