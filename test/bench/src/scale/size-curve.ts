/** A size by the number of events, measured at some numbers and drawn by straight lines between them. */
export type SizeCurve = {
  /** Rising numbers of events, the first 1. */
  readonly events: readonly number[];
  readonly bytes: readonly number[];
};

/** The bytes at a number of events; below the first and beyond the last as there. */
export function bytesAt({ events, bytes }: SizeCurve, count: number): number {
  const after = events.findIndex((each) => each >= count);
  if (after < 0) return bytes.at(-1)!;
  if (after === 0) return bytes[0]!;
  const part = (count - events[after - 1]!) / (events[after]! - events[after - 1]!);
  return bytes[after - 1]! + part * (bytes[after]! - bytes[after - 1]!);
}
