const SHOWN_MAX = 20;

/** Numbers of partitions for people: "partition 3", "partitions 0, 1 and 7", "partitions 0, 1, ... and 44 more". */
export function partitionsText(numbers: readonly number[]): string {
  if (numbers.length === 1) return `partition ${numbers[0]}`;
  const shown = numbers.slice(0, numbers.length > SHOWN_MAX ? SHOWN_MAX : -1).join(", ");
  const rest = numbers.length > SHOWN_MAX ? `${numbers.length - SHOWN_MAX} more` : String(numbers.at(-1));
  return `partitions ${shown} and ${rest}`;
}
