/**
 * Blocks stay this much longer than their retention. A store that expires rows counts from a row's arrival, which is at most
 * five minutes before its bucket (no event may be further ahead); an event may be received for the bucket until its
 * retention has passed, lie in the log for as long as the log keeps it, and must then still find the block. So this has to be
 * more than the log's own retention, seven days, and an hour for clocks and appends: docs/decisions/0007.
 */
const GRACE_MINUTES = 14 * 1440;

/** For how many minutes from its last write a block must be there; undefined is for ever. */
export function keepMinutesOf(retentionMinutes: number): number | undefined {
  return Number.isFinite(retentionMinutes) ? retentionMinutes + GRACE_MINUTES : undefined;
}
