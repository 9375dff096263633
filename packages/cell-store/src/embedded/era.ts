/** How many buckets of a series lie side by side. More make scans cheaper, and flushes of many series dearer. */
const BUCKETS_PER_ERA = 8;
const MINUTES = { m: 1, h: 60, d: 1440 } as const;
const ERA_RANGE = 2 ** 32;

/**
 * The stretch of time that a bucket belongs to: the first part of a block's key. Eras of one span are numbered in the
 * order of time; those of different spans never meet. Pure arithmetic over the granularity's name.
 */
export function eraOf(span: number, bucket: number): number {
  return span * ERA_RANGE + Math.floor(bucket / span);
}

/** How many minutes an era of a granularity such as "15m" or "1d+60" covers. A name of another form counts in hours. */
export function eraSpan(granularity: string): number {
  const [, count, unit] = /^([1-9]\d{0,3})([mhd])/.exec(granularity) ?? [];
  const width = count === undefined ? MINUTES.h : Number(count) * MINUTES[unit as keyof typeof MINUTES];
  return Math.min(width, 7 * MINUTES.d) * BUCKETS_PER_ERA;
}
