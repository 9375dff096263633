const MINUTE_SECONDS = 60;

/**
 * Where nothing else is configured (`storage_compatibility_mode`) Cassandra 5 counts the end of a row in 32 bits of seconds, and
 * refuses a row that ends after 2038-01-19T03:14:06Z. A day less, for nodes whose clocks are ahead.
 */
const LAST_END_SECONDS = 2 ** 31 - 2 - 86_400;

/**
 * A row's time to live in seconds, as CQL takes it: 0 is for ever. A row that would end later than Cassandra can count stays
 * for ever: space is lost by that, and no number.
 */
export function timeToLive(keepMinutes: number | undefined, nowMs: number): number {
  if (keepMinutes === undefined) return 0;
  const seconds = keepMinutes * MINUTE_SECONDS;
  return nowMs / 1_000 + seconds > LAST_END_SECONDS ? 0 : seconds;
}
